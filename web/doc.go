// Package web is the HTTP surface of the server: every route, the one mapping of errors to answers, and the UI.
//
// It owns the listener and its life (server.go), who may connect to it (access.go), the table of all routes (routes.go), the
// shape of errors (problem.go, native.go), request metrics and recovery (middleware.go), Prometheus's API v1 mounted over our
// engine and storage (promapi.go), Azure Monitor's metrics interface over our drill-down (azure.go and azure_*.go), queries and tails of
// the logs in our form (logs*.go) and in that of Azure Monitor's query service (azure_logs*.go), alert rules and other things that operators
// create (resources*.go), alerts (alerts*.go), operation routes (ops.go), and the embedded UI (ui.go). It does not own what the routes answer: parsing of pushes, queries, drill-down and
// storage are given to it in Settings as interfaces that it declares.
//
// A handler has the form func (s *Server) handleX(w http.ResponseWriter, r *http.Request) error. It either answers or returns an
// error, which one function turns into an answer; an error after the answer has begun aborts the connection. A new route is
// one line in routes.go and one entry in openapi.yaml; a test compares the two.
//
// It may import the value and error types of scopes, tsdb, ingest, query, logs, alerts and the packages below them, resources, internal/config and internal/logrows. Only cmd may import it.
// A Server's methods are safe for concurrent use; Run is called once.
package web
