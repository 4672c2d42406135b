-- The outbox of a provider as version 1 of its file has it: reserved by one process, not yet delivered by it.
-- Open, with an exchange id of version 4, as a peer could choose it.
INSERT INTO record VALUES (x'01941f297c0070008000000000000001', 1, 0, 1735689600000,
  CAST('{"exchange_id":"5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b","event_id":"01941f29-7c00-7000-8000-000000000001","kind":"sent","provider":"provider-a","predecessor":"11111111-1111-4111-8111-111111111111","consumer":"consumer-b","user_id":"provider-a"}' AS BLOB),
  'https://data.example/a.csv', NULL);
-- Open, with one of ours.
INSERT INTO record VALUES (x'01941f297c0070008000000000000002', 1, 0, 1735689600000,
  CAST('{"exchange_id":"01941f29-7c00-7000-8000-0000000000f2","event_id":"01941f29-7c00-7000-8000-000000000002","kind":"sent","provider":"provider-a","predecessor":"11111111-1111-4111-8111-111111111111","consumer":"consumer-b","user_id":"provider-a"}' AS BLOB),
  'https://data.example/a.csv', NULL);
-- Completed, waiting.
INSERT INTO record VALUES (x'01941f297c0070008000000000000003', 1, 1, 1735689601000,
  CAST('{"dig":{"len":1024,"sha256":"abababababababababababababababababababababababababababababababab"},"event":{"cdldatamodelversion":"2.0","cdleventid":"01941f29-7c00-7000-8000-000000000003","cdleventtype":"Sent","cdlpreviousevents":["11111111-1111-4111-8111-111111111111"],"cdltimestamp":"2025-01-01T00:00:01.000Z","dataprovider":"provider-a","datauser":"consumer-b"},"exchange_id":"01941f29-7c00-7000-8000-0000000000f3","kind":"event","user_id":"provider-a"}' AS BLOB),
  'https://data.example/a.csv', NULL);
-- Parked, for its exchange id.
INSERT INTO record VALUES (x'01941f297c0070008000000000000004', 1, 1, 1735689601000,
  CAST('{"dig":{"len":1024,"sha256":"abababababababababababababababababababababababababababababababab"},"event":{"cdldatamodelversion":"2.0","cdleventid":"01941f29-7c00-7000-8000-000000000004","cdleventtype":"Sent","cdlpreviousevents":["11111111-1111-4111-8111-111111111111"],"cdltimestamp":"2025-01-01T00:00:01.000Z","dataprovider":"provider-a","datauser":"consumer-b"},"exchange_id":"5f0c1f1e-7b3a-4d6e-9f2b-1c2d3e4f5a6b","kind":"event","user_id":"provider-a"}' AS BLOB),
  'https://data.example/a.csv', 'invalid: exchange_id must be a UUID of version 7');
-- Delivered.
INSERT INTO delivered VALUES (20089, x'01941f297c0070008000000000000005', CAST('{"salt":"x","core":"{}"}' AS BLOB));
