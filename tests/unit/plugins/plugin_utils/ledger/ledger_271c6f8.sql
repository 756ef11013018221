BEGIN TRANSACTION;
CREATE TABLE clusters (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(63) NOT NULL, 
	account VARCHAR(63) NOT NULL, 
	version VARCHAR(32) NOT NULL, 
	spec JSON NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	vpc_cidr VARCHAR(43) NOT NULL, 
	endpoint VARCHAR(39) NOT NULL, 
	etcd_token VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, upgrade_to VARCHAR(32), restore_from VARCHAR(1024), 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	UNIQUE (vpc_cidr)
);
INSERT INTO "clusters" VALUES('550c4474-2054-48b1-bbf4-45f368a22a9d','demo','default','1.36.3','{"cluster_type": "dedicated", "provider": "container", "data_root": "/var/lib/csk", "zones": ["zone-a", "zone-b", "zone-c"], "masters": 3, "network_plugin": "flannel", "flannel_backend": "vxlan", "proxy_mode": "iptables", "vpc_cidr": null, "pod_cidr": "172.20.0.0/16", "service_cidr": "172.21.0.0/20", "endpoint_sans": [], "registry_mirrors": [{"registry": "docker.io", "endpoints": ["https://mirror.example:5000"], "ca": null}], "proxy": null, "dns_servers": [], "tags": {}, "deletion_protection": false}','ready','172.30.1.0/24','172.30.1.10','125cfb18a4b8d85727dbd6fd336a1b64','2026-11-27 17:07:47.495381',NULL,NULL);
CREATE TABLE locks (
	cluster VARCHAR(63) NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	boot_id VARCHAR(64) NOT NULL, 
	pid INTEGER NOT NULL, 
	started BIGINT NOT NULL, 
	since DATETIME NOT NULL, 
	renewed_at DATETIME NOT NULL, 
	PRIMARY KEY (cluster)
);
CREATE TABLE machines (
	cluster_id VARCHAR(36) NOT NULL, 
	name VARCHAR(63) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	pool VARCHAR(63), 
	number INTEGER NOT NULL, 
	zone VARCHAR(63) NOT NULL, 
	address VARCHAR(39) NOT NULL, 
	origin VARCHAR(16) NOT NULL, 
	added_at DATETIME NOT NULL, 
	status VARCHAR(16) NOT NULL, version VARCHAR(32) DEFAULT '' NOT NULL, replaces VARCHAR(63), 
	PRIMARY KEY (cluster_id, name), 
	UNIQUE (cluster_id, address), 
	FOREIGN KEY(cluster_id, pool) REFERENCES pools (cluster_id, name), 
	FOREIGN KEY(cluster_id) REFERENCES clusters (id) ON DELETE CASCADE
);
INSERT INTO "machines" VALUES('550c4474-2054-48b1-bbf4-45f368a22a9d','master-1','master',NULL,1,'zone-a','172.30.1.11','create','2026-11-27 17:07:47.556007','ready','1.36.3',NULL);
INSERT INTO "machines" VALUES('550c4474-2054-48b1-bbf4-45f368a22a9d','master-2','master',NULL,2,'zone-b','172.30.1.12','create','2026-11-27 17:07:47.556007','ready','1.36.3',NULL);
INSERT INTO "machines" VALUES('550c4474-2054-48b1-bbf4-45f368a22a9d','master-3','master',NULL,3,'zone-c','172.30.1.13','create','2026-11-27 17:07:47.556007','ready','1.36.3',NULL);
INSERT INTO "machines" VALUES('550c4474-2054-48b1-bbf4-45f368a22a9d','default-1','worker','default',1,'zone-a','172.30.1.14','create','2026-11-27 17:07:51.323212','ready','1.36.3',NULL);
INSERT INTO "machines" VALUES('550c4474-2054-48b1-bbf4-45f368a22a9d','default-2','worker','default',2,'zone-b','172.30.1.15','scale','2026-11-27 17:08:52.062692','ready','1.36.3',NULL);
CREATE TABLE operations (
	id INTEGER NOT NULL, 
	cluster VARCHAR(63) NOT NULL, 
	action VARCHAR(63) NOT NULL, 
	who VARCHAR(255) NOT NULL, 
	at DATETIME NOT NULL, 
	result VARCHAR(63) NOT NULL, 
	seconds FLOAT NOT NULL, 
	details JSON NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE pools (
	cluster_id VARCHAR(36) NOT NULL, 
	name VARCHAR(63) NOT NULL, 
	spec JSON NOT NULL, 
	next_number INTEGER NOT NULL, 
	PRIMARY KEY (cluster_id, name), 
	FOREIGN KEY(cluster_id) REFERENCES clusters (id) ON DELETE CASCADE
);
INSERT INTO "pools" VALUES('550c4474-2054-48b1-bbf4-45f368a22a9d','default','{"desired_size": 2, "instance": {"max_pods": 64, "cpus": null, "memory": null}, "zones": [], "labels": {"tier": "web"}, "taints": [], "unschedulable": false, "kubelet": {"allowedUnsafeSysctls": null, "containerLogMaxFiles": null, "containerLogMaxSize": null, "cpuManagerPolicy": null, "imageGCHighThresholdPercent": null, "imageGCLowThresholdPercent": null, "maxParallelImagePulls": null, "podPidsLimit": null, "registryPullQPS": null}, "scale_in_policy": "fifo", "drain": {"timeout": 300, "force": false, "delete_emptydir_data": false, "grace_period": null}}',3);
CREATE TABLE schema_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT schema_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "schema_version" VALUES('0003');
CREATE TABLE secrets (
	cluster_id VARCHAR(36) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	data BLOB NOT NULL, 
	PRIMARY KEY (cluster_id, name), 
	FOREIGN KEY(cluster_id) REFERENCES clusters (id) ON DELETE CASCADE
);
CREATE TABLE settings (
	name VARCHAR(64) NOT NULL, 
	value BLOB NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "settings" VALUES('allocation',X'');
INSERT INTO "settings" VALUES('key_check',X'674141414141427243626A6A4D6A53546C6D534F66624B74566364315737595971387A7969726B736A4D437937626D4C7478645A44337133716939566D4B797A70536D706C6150707544516E447130636E52576A4C343246565646545564574654413D3D');
CREATE INDEX ix_clusters_account ON clusters (account);
CREATE INDEX ix_operations_cluster ON operations (cluster);
COMMIT;
