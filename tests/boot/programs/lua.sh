# SPDX-License-Identifier: GPL-2.0-or-later
exec lua5.4 - <<'END'
local function fnv(text)
    local h = 2166136261
    for i = 1, #text do
        h = ((h ~ text:byte(i)) * 16777619) & 0xffffffff
    end
    return string.format("%08x", h)
end

local numbers, state = {}, 1
for i = 1, 20000 do
    state = state * 16807 % 2147483647
    numbers[i] = state
end
table.sort(numbers)
print("sort", fnv(table.concat(numbers, " ")))
local floats = {}
for i, n in ipairs(numbers) do
    floats[i] = string.format("%.14g %a", n / 3, n ^ 0.5)
end
print("floats", fnv(table.concat(floats, " ")))
local integers = {}
for i, n in ipairs(numbers) do
    integers[i] = (n * n) // 7 ~ (n << 40) >> 3 % (i + 1)
end
print("integers", fnv(table.concat(integers, " ")))
print("gsub", fnv((table.concat(numbers, " "):gsub("(%d)(%d)", "%2%1"))))
print("pack", fnv(string.pack("<i4>i8<d>f", numbers[7], numbers[8], numbers[9] / 3, 0.5)))

local function matrix(n)
    local m = {}
    for i = 1, n do
        m[i] = {}
        for j = 1, n do
            m[i][j] = (i * 31 + j * 17) % 11 / 7
        end
    end
    return m
end
local a, b, trace = matrix(60), matrix(60), 0
for i = 1, 60 do
    for j = 1, 60 do
        local sum = 0
        for k = 1, 60 do
            sum = sum + a[i][k] * b[k][j]
        end
        trace = trace + sum * (i == j and 1 or 0.001)
    end
end
print("matrix", string.format("%a", trace))

local produced = 0
local co = coroutine.wrap(function()
    for i = 1, 20000 do
        coroutine.yield(i)
    end
end)
for value in co do
    produced = produced + value
    if value == 20000 then
        break
    end
end
print("coroutine", produced)
local caught = 0
for i = 1, 2000 do
    if not pcall(error, { code = i }) then
        caught = caught + 1
    end
end
print("pcall", caught)
local garbage = 0
for i = 1, 50000 do
    local t = setmetatable({ i }, { __index = function(_, k) return k * 2 end })
    garbage = garbage + t[2] + t[1]
end
print("garbage", garbage)
END
