// Package alerts tests alerting as people on call meet it: a real server, real listeners for what it sends, Debian's amtool and promtool,
// SIGKILL.
//
// It owns the promises that no single package can show: what is pushed becomes an alert, the alert reaches whom its rule names, once, with links that
// answer; the same rule in Azure's words and in PromQL fires at the same instants; a killed server loses no notification; two servers tell
// once; and what breaks alerting is noticed. It owns no behaviour and holds no code but tests. They need Go to build the server, and
// scripts/debian-tools. They may import internal/sqlite, internal/subproc, test/programs and Prometheus's client, and nothing of the server.
//
// Tests run in parallel; each has a server, ports and folders of its own, and ends what it started. They wait for what must come, and never for a
// time to pass, except where nothing must come.
package alerts
