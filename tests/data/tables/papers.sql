CREATE TABLE papers (key TEXT PRIMARY KEY, title TEXT, abstract TEXT, day TEXT, cited INTEGER, open BOOLEAN, scan BLOB);
INSERT INTO papers VALUES
  ('a1', 'Rivers', 'Über Flüsse: maps show where water goes.', '2019-05-03', 12, 1, x'00ff'),
  ('a2', 'Trams', 'Trams carry “many” people; they need no petrol.', '2020-01-10', 3, 0, NULL),
  ('a3', 'Nothing', NULL, NULL, NULL, NULL, NULL),
  ('a4', 'Bread', 'Bread rises 🍞' || char(10) || 'while yeast works.', '2021-12-31', 0, 1, NULL);
