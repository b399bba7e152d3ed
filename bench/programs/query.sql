-- SPDX-License-Identifier: GPL-2.0-or-later
-- Insert, index, join, group, update.
CREATE TABLE item (id INTEGER PRIMARY KEY, kind INTEGER, weight INTEGER, name TEXT);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
INSERT INTO item SELECT i, (i * 7919) % 101, i * 104729 % 99991, printf('%x-%d', i * 2654435761, i) FROM n;
CREATE INDEX item_kind ON item (kind, weight);
CREATE INDEX item_name ON item (name);
SELECT kind, count(*), sum(weight) FROM item GROUP BY kind ORDER BY 3 DESC LIMIT 5;
SELECT count(*) FROM item a JOIN item b ON b.kind = a.kind AND b.weight = a.weight + 101;
UPDATE item SET weight = weight + length(name) WHERE name LIKE '%a%';
SELECT sum(weight), max(name) FROM item WHERE name BETWEEN '4' AND 'c';
