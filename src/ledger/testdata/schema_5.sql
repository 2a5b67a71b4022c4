-- A ledger with work done, of schema 5. Only ever read by tests; newer ones get files of their own.
PRAGMA application_id = 1279349829;
BEGIN TRANSACTION;
CREATE TABLE attempts (
         run INTEGER NOT NULL,
         try_number INTEGER NOT NULL,
         step TEXT NOT NULL,
         map_index INTEGER NOT NULL,
         number INTEGER NOT NULL,
         state TEXT NOT NULL,
         handle TEXT NOT NULL,
         folder TEXT NOT NULL,
         log TEXT NOT NULL,
         exit_code INTEGER,
         message TEXT NOT NULL,
         started INTEGER NOT NULL,
         ended INTEGER,
         PRIMARY KEY (run, try_number, step, map_index, number),
         FOREIGN KEY (run, try_number, step, map_index)
           REFERENCES steps (run, try_number, step, map_index)
       ) STRICT;
INSERT INTO "attempts" VALUES(1,1,'process_devices',-1,1,'success','','/srv/lake/examples/devices/.latecomer/work/devices_loader/scheduled_2024-01-01/1/process_devices/1','/srv/lake/examples/devices/.latecomer/logs/devices_loader/scheduled_2024-01-01/1/process_devices/1.log',0,'',1795498069990,1795498070114);
INSERT INTO "attempts" VALUES(2,1,'process_devices',-1,1,'success','','/srv/lake/examples/devices/.latecomer/work/devices_loader/scheduled_2024-01-02/1/process_devices/1','/srv/lake/examples/devices/.latecomer/logs/devices_loader/scheduled_2024-01-02/1/process_devices/1.log',0,'',1795498070117,1795498070170);
INSERT INTO "attempts" VALUES(3,1,'process_devices',-1,1,'success','','/srv/lake/examples/devices/.latecomer/work/devices_loader/backfill_2024-01-01_v3/1/process_devices/1','/srv/lake/examples/devices/.latecomer/logs/devices_loader/backfill_2024-01-01_v3/1/process_devices/1.log',0,'',1795498070230,1795498070282);
CREATE TABLE changes (
         table_key INTEGER NOT NULL REFERENCES source_tables (id),
         version INTEGER NOT NULL,
         partition_key TEXT NOT NULL,
         at INTEGER NOT NULL,
         operation TEXT NOT NULL,
         files_added INTEGER NOT NULL,
         files_removed INTEGER NOT NULL,
         rows_added INTEGER,
         rows_removed INTEGER,
         bytes_added INTEGER NOT NULL,
         bytes_removed INTEGER NOT NULL,
         vector_updates INTEGER NOT NULL,
         assumed INTEGER NOT NULL,
         note TEXT NOT NULL,
         PRIMARY KEY (table_key, version, partition_key)
       ) STRICT;
INSERT INTO "changes" VALUES(1,0,'{"event_time":"2024-01-01"}',1795498069908,'WRITE',1,0,20,0,957,0,0,0,'');
INSERT INTO "changes" VALUES(1,1,'{"event_time":"2024-01-02"}',1795498069935,'WRITE',1,0,20,0,957,0,0,0,'');
INSERT INTO "changes" VALUES(1,2,'{"event_time":"2024-01-03"}',1795498069958,'WRITE',1,0,20,0,957,0,0,0,'');
INSERT INTO "changes" VALUES(1,3,'{"event_time":"2024-01-01"}',1795498070204,'WRITE',1,0,20,0,957,0,0,0,'');
CREATE TABLE claims (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         token INTEGER NOT NULL,
         holder TEXT NOT NULL,
         expires INTEGER NOT NULL,
         run INTEGER REFERENCES runs (id),
         try_number INTEGER NOT NULL,
         released INTEGER NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ) STRICT;
INSERT INTO "claims" VALUES('devices_loader','{"event_time":"2024-01-01"}',2,'host/d5ac5cef-dcf6-400c-a2b3-02517e372989/pid%3A%5B4026531836%5D/28515/4728356',1795498130229,3,1,1);
INSERT INTO "claims" VALUES('devices_loader','{"event_time":"2024-01-02"}',1,'host/d5ac5cef-dcf6-400c-a2b3-02517e372989/pid%3A%5B4026531836%5D/28502/4728331',1795498130116,2,1,1);
CREATE TABLE commits (
         table_key INTEGER NOT NULL REFERENCES source_tables (id),
         version INTEGER NOT NULL,
         at INTEGER NOT NULL,
         time_source TEXT NOT NULL,
         operation TEXT NOT NULL,
         PRIMARY KEY (table_key, version)
       ) STRICT;
INSERT INTO "commits" VALUES(1,0,1795498069908,'commit_info','WRITE');
INSERT INTO "commits" VALUES(1,1,1795498069935,'commit_info','WRITE');
INSERT INTO "commits" VALUES(1,2,1795498069958,'commit_info','WRITE');
INSERT INTO "commits" VALUES(1,3,1795498070204,'commit_info','WRITE');
CREATE TABLE events (
         sequence INTEGER PRIMARY KEY,
         at INTEGER NOT NULL,
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         run_id TEXT NOT NULL,
         what TEXT NOT NULL,
         detail TEXT NOT NULL
       ) STRICT;
INSERT INTO "events" VALUES(1,1795498069985,'devices_loader','','','pipeline.created','{"definition_hash":"ee737c2ed585e8c373d1f56d593e6551"}');
INSERT INTO "events" VALUES(2,1795498069987,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','run.created','{"cause":"interval","why":"due: a later partition exists, so this one is complete"}');
INSERT INTO "events" VALUES(3,1795498069988,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','run.queued→running','{"message":""}');
INSERT INTO "events" VALUES(4,1795498069988,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','claim.granted','{"holder":"host/d5ac5cef-dcf6-400c-a2b3-02517e372989/pid%3A%5B4026531836%5D/28502/4728331","token":"1"}');
INSERT INTO "events" VALUES(5,1795498069989,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','step.waiting→success','{"message":"nothing late","step":"detect"}');
INSERT INTO "events" VALUES(6,1795498069989,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','step.waiting→skipped','{"message":"nothing late","step":"backfill"}');
INSERT INTO "events" VALUES(7,1795498069990,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','step.waiting→running','{"message":"","step":"process_devices"}');
INSERT INTO "events" VALUES(8,1795498070114,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','step.running→success','{"message":"","step":"process_devices"}');
INSERT INTO "events" VALUES(9,1795498070114,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','step.waiting→running','{"message":"","step":"record"}');
INSERT INTO "events" VALUES(10,1795498070114,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','step.running→success','{"message":"","step":"record"}');
INSERT INTO "events" VALUES(11,1795498070114,'devices_loader','{"event_time":"2024-01-01"}','scheduled_2024-01-01','run.running→success','{"message":""}');
INSERT INTO "events" VALUES(12,1795498070115,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','run.created','{"cause":"interval","why":"due: a later partition exists, so this one is complete"}');
INSERT INTO "events" VALUES(13,1795498070116,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','run.queued→running','{"message":""}');
INSERT INTO "events" VALUES(14,1795498070116,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','claim.granted','{"holder":"host/d5ac5cef-dcf6-400c-a2b3-02517e372989/pid%3A%5B4026531836%5D/28502/4728331","token":"1"}');
INSERT INTO "events" VALUES(15,1795498070117,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','step.waiting→success','{"message":"nothing late","step":"detect"}');
INSERT INTO "events" VALUES(16,1795498070117,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','step.waiting→skipped','{"message":"nothing late","step":"backfill"}');
INSERT INTO "events" VALUES(17,1795498070117,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','step.waiting→running','{"message":"","step":"process_devices"}');
INSERT INTO "events" VALUES(18,1795498070170,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','step.running→success','{"message":"","step":"process_devices"}');
INSERT INTO "events" VALUES(19,1795498070171,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','step.waiting→running','{"message":"","step":"record"}');
INSERT INTO "events" VALUES(20,1795498070171,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','step.running→success','{"message":"","step":"record"}');
INSERT INTO "events" VALUES(21,1795498070171,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','run.running→success','{"message":""}');
INSERT INTO "events" VALUES(22,1795498070227,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','run.created','{"cause":"devices@3","why":"late because of devices version 3: 1 file, 20 rows, 1057 d 5 h after the interval''s end"}');
INSERT INTO "events" VALUES(23,1795498070229,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','run.queued→running','{"message":""}');
INSERT INTO "events" VALUES(24,1795498070229,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','claim.granted','{"holder":"host/d5ac5cef-dcf6-400c-a2b3-02517e372989/pid%3A%5B4026531836%5D/28515/4728356","token":"2"}');
INSERT INTO "events" VALUES(25,1795498070230,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','step.waiting→running','{"message":"","step":"process_devices"}');
INSERT INTO "events" VALUES(26,1795498070282,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','step.running→success','{"message":"","step":"process_devices"}');
INSERT INTO "events" VALUES(27,1795498070282,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','step.waiting→running','{"message":"","step":"record"}');
INSERT INTO "events" VALUES(28,1795498070282,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','step.running→success','{"message":"","step":"record"}');
INSERT INTO "events" VALUES(29,1795498070282,'devices_loader','{"event_time":"2024-01-01"}','backfill_2024-01-01_v3','run.running→success','{"message":""}');
INSERT INTO "events" VALUES(30,1795498070299,'devices_loader','{"event_time":"2024-01-02"}','scheduled_2024-01-02','run.success→failed','{"message":"marked failed"}');
CREATE TABLE holds (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         reason TEXT NOT NULL,
         held_by TEXT NOT NULL,
         at INTEGER NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ) STRICT;
CREATE TABLE ledger (
         one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
         id TEXT NOT NULL,
         schema_version INTEGER NOT NULL
       , marks_made INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "ledger" VALUES(1,'d7e4c4bd-0000-4000-8000-000000000001',5,0);
CREATE TABLE marks (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         number INTEGER NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ) STRICT;
CREATE TABLE partition_starts (
         reading INTEGER NOT NULL REFERENCES readings (id),
         part TEXT NOT NULL,
         start INTEGER,
         PRIMARY KEY (reading, part)
       ) STRICT;
CREATE TABLE pipelines (
         id TEXT NOT NULL PRIMARY KEY,
         name TEXT NOT NULL,
         file TEXT NOT NULL,
         definition TEXT NOT NULL,
         definition_hash TEXT NOT NULL,
         paused INTEGER NOT NULL,
         updated INTEGER NOT NULL
       ) STRICT;
INSERT INTO "pipelines" VALUES('devices_loader','devices_loader','/srv/lake/examples/devices/pipeline.yaml','# The devices loader: counts the devices of each day by type and version, and counts a day again when devices
# arrive for it late (dynamic and sequential: only what changed, one partition after the other).
pipeline: devices_loader
sources:
  devices:
    table: ../../dataset/devices
    partition: event_time
    cadence: day
schedule:
  start: 2024-01-01
  end: 2024-01-02
  ready: next_partition
  max_active_runs: 1
  depends_on_past: true
steps:
  - id: process_devices
    sql:
      file: devices.sql
      into: ../../dataset/devices_by_type
    retries: 2
    retry_delay: 10s
    timeout: 10m
late_data:
  detect: changes
  allowed_lateness: 36500d      # the story''s days are long past; a real pipeline says 90d or so
  concurrency: 1
','ee737c2ed585e8c373d1f56d593e6551',0,1795498069985);
CREATE TABLE predecessors (
         ledger_id TEXT NOT NULL PRIMARY KEY,
         at INTEGER NOT NULL
       ) STRICT;
INSERT INTO "predecessors" VALUES('d7e4c4bd-0000-4000-8000-000000000000',1795498060000);
CREATE TABLE processed (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         vector TEXT NOT NULL,
         run_id TEXT NOT NULL,
         try_number INTEGER NOT NULL,
         token INTEGER NOT NULL,
         at INTEGER NOT NULL, interval_start INTEGER,
         PRIMARY KEY (pipeline, partition_key)
       ) STRICT;
INSERT INTO "processed" VALUES('devices_loader','{"event_time":"2024-01-01"}','{"devices":3}','backfill_2024-01-01_v3',1,2,1795498070282,NULL);
CREATE TABLE readings (
         id INTEGER PRIMARY KEY,
         table_key INTEGER NOT NULL REFERENCES source_tables (id),
         definition TEXT NOT NULL,
         UNIQUE (table_key, definition)
       ) STRICT;
CREATE TABLE releases (
         pipeline TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         up_to TEXT NOT NULL,
         at INTEGER NOT NULL,
         PRIMARY KEY (pipeline, partition_key)
       ) STRICT;
CREATE TABLE runs (
         id INTEGER PRIMARY KEY,
         pipeline TEXT NOT NULL,
         run_id TEXT NOT NULL,
         partition_key TEXT NOT NULL,
         partition_display TEXT NOT NULL,
         kind TEXT NOT NULL,
         cause TEXT NOT NULL,
         caused_by INTEGER REFERENCES runs (id),
         state TEXT NOT NULL,
         waiting_for TEXT NOT NULL,
         message TEXT NOT NULL,
         tries INTEGER NOT NULL,
         keep_vector TEXT,
         note TEXT NOT NULL,
         created INTEGER NOT NULL,
         started INTEGER,
         ended INTEGER, interval_start INTEGER, keep_steps TEXT,
         UNIQUE (pipeline, run_id),
         UNIQUE (pipeline, partition_key, cause)
       ) STRICT;
INSERT INTO "runs" VALUES(1,'devices_loader','scheduled_2024-01-01','{"event_time":"2024-01-01"}','2024-01-01','scheduled','interval',NULL,'success','','',1,NULL,'',1795498069987,1795498069988,1795498070114,NULL,NULL);
INSERT INTO "runs" VALUES(2,'devices_loader','scheduled_2024-01-02','{"event_time":"2024-01-02"}','2024-01-02','scheduled','interval',NULL,'failed','','marked failed',1,NULL,'',1795498070115,1795498070116,1795498070299,NULL,NULL);
INSERT INTO "runs" VALUES(3,'devices_loader','backfill_2024-01-01_v3','{"event_time":"2024-01-01"}','2024-01-01','backfill','devices@3',NULL,'success','','',1,NULL,'',1795498070227,1795498070229,1795498070282,NULL,NULL);
CREATE TABLE settled (
         pipeline TEXT NOT NULL PRIMARY KEY,
         shape TEXT NOT NULL,
         up_to TEXT NOT NULL,
         frontier INTEGER
       ) STRICT;
CREATE TABLE source_partitions (
         table_key INTEGER NOT NULL REFERENCES source_tables (id),
         partition_key TEXT NOT NULL,
         log_json TEXT NOT NULL,
         files INTEGER NOT NULL,
         row_count INTEGER,
         bytes INTEGER NOT NULL,
         fingerprint INTEGER NOT NULL,
         last_changed INTEGER NOT NULL,
         first_seen INTEGER,
         PRIMARY KEY (table_key, partition_key)
       ) STRICT;
INSERT INTO "source_partitions" VALUES(1,'{"event_time":"2024-01-01"}','{"event_time":"2024-01-01"}',2,40,1914,8577068931620913066,3,1795498069908);
INSERT INTO "source_partitions" VALUES(1,'{"event_time":"2024-01-02"}','{"event_time":"2024-01-02"}',1,20,957,-886081691868518169,1,1795498069935);
INSERT INTO "source_partitions" VALUES(1,'{"event_time":"2024-01-03"}','{"event_time":"2024-01-03"}',1,20,957,1316905716141164876,2,1795498069958);
CREATE TABLE source_tables (
         id INTEGER PRIMARY KEY,
         location TEXT NOT NULL UNIQUE,
         table_id TEXT NOT NULL,
         partition_columns TEXT NOT NULL,
         seen_version INTEGER NOT NULL,
         seen_etag TEXT NOT NULL,
         seen_size_bytes INTEGER NOT NULL,
         seen_content_hash INTEGER NOT NULL,
         first_contact INTEGER NOT NULL,
         observed_at INTEGER NOT NULL
       ) STRICT;
INSERT INTO "source_tables" VALUES(1,'/srv/lake/dataset/devices','d9047072-16b3-4edb-9ad5-bad3b3aae14d','[{"name":"event_time","type":"string"}]',3,'10256667-849-1795498070199246701',849,-2734467359538872261,2,1795498070225);
CREATE TABLE steps (
         run INTEGER NOT NULL,
         try_number INTEGER NOT NULL,
         step TEXT NOT NULL,
         map_index INTEGER NOT NULL,
         position INTEGER NOT NULL,
         state TEXT NOT NULL,
         attempts INTEGER NOT NULL,
         retry_at INTEGER,
         child_run INTEGER REFERENCES runs (id),
         message TEXT NOT NULL,
         started INTEGER,
         ended INTEGER, kept_from INTEGER,
         PRIMARY KEY (run, try_number, step, map_index),
         FOREIGN KEY (run, try_number) REFERENCES tries (run, number)
       ) STRICT;
INSERT INTO "steps" VALUES(1,1,'ready',-1,0,'success',0,NULL,NULL,'',1795498069988,1795498069988,NULL);
INSERT INTO "steps" VALUES(1,1,'detect',-1,1,'success',0,NULL,NULL,'nothing late',NULL,1795498069989,NULL);
INSERT INTO "steps" VALUES(1,1,'process_devices',-1,2,'success',1,NULL,NULL,'',1795498069990,1795498070114,NULL);
INSERT INTO "steps" VALUES(1,1,'record',-1,3,'success',0,NULL,NULL,'',1795498070114,1795498070114,NULL);
INSERT INTO "steps" VALUES(1,1,'backfill',-1,4,'skipped',0,NULL,NULL,'nothing late',NULL,1795498069989,NULL);
INSERT INTO "steps" VALUES(2,1,'ready',-1,0,'success',0,NULL,NULL,'',1795498070116,1795498070116,NULL);
INSERT INTO "steps" VALUES(2,1,'detect',-1,1,'success',0,NULL,NULL,'nothing late',NULL,1795498070117,NULL);
INSERT INTO "steps" VALUES(2,1,'process_devices',-1,2,'success',1,NULL,NULL,'',1795498070117,1795498070170,NULL);
INSERT INTO "steps" VALUES(2,1,'record',-1,3,'success',0,NULL,NULL,'',1795498070171,1795498070171,NULL);
INSERT INTO "steps" VALUES(2,1,'backfill',-1,4,'skipped',0,NULL,NULL,'nothing late',NULL,1795498070117,NULL);
INSERT INTO "steps" VALUES(3,1,'ready',-1,0,'success',0,NULL,NULL,'',1795498070229,1795498070229,NULL);
INSERT INTO "steps" VALUES(3,1,'detect',-1,1,'skipped',0,NULL,NULL,'a backfill looks for no further late partitions',1795498070229,1795498070229,NULL);
INSERT INTO "steps" VALUES(3,1,'process_devices',-1,2,'success',1,NULL,NULL,'',1795498070230,1795498070282,NULL);
INSERT INTO "steps" VALUES(3,1,'record',-1,3,'success',0,NULL,NULL,'',1795498070282,1795498070282,NULL);
INSERT INTO "steps" VALUES(3,1,'backfill',-1,4,'skipped',0,NULL,NULL,'a backfill starts no further backfills',1795498070229,1795498070229,NULL);
CREATE TABLE tries (
         run INTEGER NOT NULL REFERENCES runs (id),
         number INTEGER NOT NULL,
         state TEXT NOT NULL,
         vector TEXT NOT NULL,
         token INTEGER NOT NULL,
         definition_hash TEXT NOT NULL,
         message TEXT NOT NULL,
         started INTEGER NOT NULL,
         ended INTEGER,
         PRIMARY KEY (run, number)
       ) STRICT;
INSERT INTO "tries" VALUES(1,1,'success','{"devices":2}',1,'ee737c2ed585e8c373d1f56d593e6551','',1795498069988,1795498070114);
INSERT INTO "tries" VALUES(2,1,'success','{"devices":2}',1,'ee737c2ed585e8c373d1f56d593e6551','',1795498070116,1795498070171);
INSERT INTO "tries" VALUES(3,1,'success','{"devices":3}',2,'ee737c2ed585e8c373d1f56d593e6551','',1795498070229,1795498070282);
CREATE INDEX changes_by_partition ON changes (table_key, partition_key, version);
CREATE INDEX runs_by_pipeline ON runs (pipeline, id);
CREATE INDEX runs_by_state ON runs (pipeline, state, id);
CREATE INDEX runs_open ON runs (pipeline, id) WHERE state IN ('queued', 'running');
CREATE INDEX runs_open_everywhere ON runs (id) WHERE state IN ('queued', 'running');
CREATE INDEX claims_held ON claims (pipeline, partition_key) WHERE released = 0;
CREATE INDEX runs_by_creation ON runs (pipeline, created, id);
CREATE INDEX runs_by_kind ON runs (pipeline, kind, state, created, id);
CREATE INDEX events_by_run ON events (pipeline, run_id, sequence);
CREATE INDEX events_by_partition ON events (pipeline, partition_key, sequence);
CREATE INDEX source_partitions_by_change ON source_partitions (table_key, last_changed);
CREATE INDEX partition_starts_by_start ON partition_starts (reading, start, part);
CREATE INDEX runs_by_interval ON runs (pipeline, interval_start, id);
CREATE INDEX processed_by_interval ON processed (pipeline, interval_start);
COMMIT;
