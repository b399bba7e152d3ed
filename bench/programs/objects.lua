-- SPDX-License-Identifier: GPL-2.0-or-later
-- Tables, closures, strings, method calls.
local Account = {}
Account.__index = Account
function Account.new(n) return setmetatable({ balance = n }, Account) end
function Account:deposit(n) self.balance = (self.balance + n) % 1000003 return self end

local total, state = 0, 1
for round = 1, tonumber(arg[1]) do
    local accounts, parts = {}, {}
    for i = 1, 2000 do accounts[i] = Account.new(i) end
    for i = 1, 20000 do
        state = state * 16807 % 2147483647
        accounts[state % 2000 + 1]:deposit(state % 97)
    end
    table.sort(accounts, function(a, b) return a.balance < b.balance end)
    for i = 1, #accounts, 20 do parts[#parts + 1] = tostring(accounts[i].balance) end
    local text = table.concat(parts, ",")
    for number in text:gmatch("%d+") do total = (total + tonumber(number)) % 1000003 end
end
print(total)
