-- What the core of an event says of who made it and what passed (JSON), by which others are judged without reading cores. Null in
-- records of before, and of evidence.
ALTER TABLE record ADD COLUMN made TEXT;

-- Edges of events whose makers were no party of the predecessor. They give no right, and are not in the view of what came of it:
-- whatever strangers attach to an event, its parties pay nothing for it.
CREATE TABLE stranger_edge(
  next_idx INTEGER NOT NULL,
  ord INTEGER NOT NULL,                 -- place in cdlpreviousevents
  prev_idx INTEGER NOT NULL,
  PRIMARY KEY(next_idx, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX stranger_edge_fwd ON stranger_edge(prev_idx, next_idx);

-- Those of before, as far as columns tell who made an event: a connector delivered what its provider sent or its user received.
INSERT INTO stranger_edge(next_idx, ord, prev_idx)
SELECT e.next_idx, e.ord, e.prev_idx
FROM edge e JOIN record n ON n.idx = e.next_idx JOIN record p ON p.idx = e.prev_idx
WHERE p.core IS NOT NULL
  AND CASE WHEN n.actor LIKE 'user:%' THEN substr(n.actor, 6) WHEN n.etype = 'Sent' THEN n.provider
           WHEN n.etype = 'Received' THEN n.consumer END
      NOT IN (coalesce(p.provider, ''), coalesce(p.consumer, ''), CASE WHEN p.actor LIKE 'user:%' THEN substr(p.actor, 6) ELSE '' END);
DELETE FROM edge WHERE EXISTS (SELECT 1 FROM stranger_edge s WHERE s.next_idx = edge.next_idx AND s.ord = edge.ord);
