BEGIN TRANSACTION;
CREATE TABLE artifacts (
        digest TEXT PRIMARY KEY, size BIGINT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL,
        codec TEXT NOT NULL, preview TEXT NOT NULL, run TEXT NOT NULL, task TEXT NOT NULL);
INSERT INTO "artifacts" VALUES('sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',3,'value','int','json','{}','first','train');
CREATE TABLE engines (
        run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, host TEXT NOT NULL,
        pid BIGINT NOT NULL, process TEXT NOT NULL, claimed DOUBLE PRECISION NOT NULL,
        beat DOUBLE PRECISION);
CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, seq BIGINT NOT NULL,
        at DOUBLE PRECISION NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (run, seq));
INSERT INTO "events" VALUES('first',1,1700000000.0,'run-started','{"path":"","engine":"papermill","tasks":["train"],"parameters":{},"resumed":false}');
INSERT INTO "events" VALUES('first',2,1700000000.0,'task-finished','{"task":"train","state":"ok","seconds":1.0,"attempt":1,"key":"key-1","artifacts":[{"name":"model","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":3,"kind":"value","codec":"json","type":"int","preview":{}}],"metrics":{},"checks":{},"error":null,"peak":null,"again":false}');
INSERT INTO "events" VALUES('first',3,1700000000.0,'run-finished','{"state":"ok","seconds":1.0}');
CREATE TABLE nbpipe_version (version INTEGER NOT NULL);
INSERT INTO "nbpipe_version" VALUES(1);
CREATE TABLE requests (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, what TEXT NOT NULL,
        said_by TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (run, what));
CREATE TABLE results (
        key TEXT PRIMARY KEY, number BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL,
        project TEXT NOT NULL, step TEXT NOT NULL, run TEXT NOT NULL, task TEXT NOT NULL,
        body TEXT NOT NULL);
INSERT INTO "results" VALUES('key-1',1,1700000000.0,'/p','train','first','train','{"key":"key-1","run":"first","task":"train","project":"/p","step":"train","artifacts":[{"name":"model","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":3,"kind":"value","codec":"json","type":"int","preview":{}}],"metrics":{},"checks":{},"unbound":[],"parts":{"cell 1":"x"},"seconds":0.0,"at":0.0}');
CREATE TABLE runs (
        id TEXT PRIMARY KEY, number BIGINT NOT NULL, project TEXT NOT NULL, path TEXT NOT NULL,
        name TEXT NOT NULL, engine TEXT NOT NULL, state TEXT NOT NULL,
        begun DOUBLE PRECISION NOT NULL, started DOUBLE PRECISION, finished DOUBLE PRECISION,
        seconds DOUBLE PRECISION, pinned INTEGER NOT NULL DEFAULT 0,
        last_seq BIGINT NOT NULL DEFAULT 0, body TEXT NOT NULL, pipeline TEXT NOT NULL);
INSERT INTO "runs" VALUES('first',1,'/p','','','papermill','ok',1700000000.0,1700000000.0,1700000000.0,1.0,0,3,'{"parameters":{},"selection":{},"sources":{},"user":"","environment":""}','{}');
CREATE TABLE tasks (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, task TEXT NOT NULL,
        position BIGINT NOT NULL, item BIGINT NOT NULL, state TEXT NOT NULL,
        key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, task));
INSERT INTO "tasks" VALUES('first','train',0,-1,'ok','key-1','{"task":"train","position":0,"label":"","state":"ok","reason":"","key":"key-1","attempt":1,"started":null,"finished":1700000000.0,"seconds":1.0,"cells":0,"cells_done":0,"cell":null,"error":null,"artifacts":[{"name":"model","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":3,"kind":"value","codec":"json","type":"int","preview":{}}],"metrics":{},"checks":{},"peak":null,"source_run":"","source_task":""}');
CREATE TABLE uses (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, digest TEXT NOT NULL,
        PRIMARY KEY (run, digest));
INSERT INTO "uses" VALUES('first','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
CREATE INDEX runs_by_number ON runs (number);
CREATE INDEX runs_by_state ON runs (state, number);
CREATE INDEX tasks_by_key ON tasks (key);
CREATE INDEX uses_by_digest ON uses (digest);
CREATE INDEX results_by_step ON results (project, step, number);
CREATE INDEX results_by_run ON results (run);
COMMIT;
