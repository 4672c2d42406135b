-- Events that arrived after more others that name them than are told at once: they are told step by step.
CREATE TABLE arriving (
    prev_id text COLLATE "C" PRIMARY KEY,
    idx     bigint NOT NULL,
    actor   text NOT NULL                     -- who submitted it, as the core states it
);
