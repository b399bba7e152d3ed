# SPDX-License-Identifier: GPL-2.0-or-later
exec sqlite3 database <<'END'
PRAGMA journal_mode = WAL;
CREATE TABLE item (id INTEGER PRIMARY KEY, kind INTEGER, weight REAL, name TEXT UNIQUE);
CREATE INDEX item_kind ON item (kind, weight);
BEGIN;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO item SELECT i, (i * 7919) % 101, (i * 104729 % 99991) / 7.0, printf('%x-%d', i * 2654435761, i) FROM n;
COMMIT;
SELECT count(*), sum(kind), printf('%.6f', sum(weight)), min(name), max(name) FROM item;
SELECT kind, count(*), printf('%.9g', avg(weight)) FROM item GROUP BY kind HAVING kind % 10 = 3 ORDER BY kind;
SELECT a.kind, count(*) FROM item a JOIN item b ON b.id = a.id + a.kind WHERE a.weight < b.weight
    GROUP BY a.kind ORDER BY 2 DESC, 1 LIMIT 5;
UPDATE item SET weight = weight * 1.5 WHERE kind BETWEEN 20 AND 40;
DELETE FROM item WHERE id % 7 = 0;
SELECT count(*), printf('%.12g', total(weight)) FROM item WHERE name GLOB '*a*';
SELECT name FROM item ORDER BY substr(name, 3), name LIMIT 5;
SELECT id, sum(kind) OVER (ORDER BY id ROWS 10 PRECEDING) FROM item WHERE id BETWEEN 990 AND 1000;
SELECT typeof(9223372036854775807 + 1), 9223372036854775807 + 0, -9223372036854775808 / 3, 7 % -3, 1e308 * 10;
SELECT hex(zeroblob(3)), upper(hex('gossamer')), json_extract('{"a":[1,2,{"b":3.25}]}', '$.a[2].b');
BEGIN; DELETE FROM item; ROLLBACK;
SELECT count(*) FROM item;
PRAGMA integrity_check;
VACUUM;
PRAGMA integrity_check;
END
