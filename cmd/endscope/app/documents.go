package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/endscope/endscope/alerts/receivers"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
)

// CheckDocuments returns what a server with the default configuration would refuse of documents for themselves, without there being one.
// Whether they fit what is stored is not looked at. Errors: *resources.ProvisionError, with everything that is wrong.
func CheckDocuments(ctx context.Context, docs []resources.Document) (err error) {
	cfg := DefaultConfig()
	catalogue, err := scopes.LoadCatalogue()
	if err != nil {
		return err
	}
	// Queries are prepared and not run: the tables need no rows.
	language, err := kql.NewEngine(logs.NewCatalog(nil, logs.NewAzureMetrics(&metricReader{catalogue: catalogue}, logs.Identity{})))
	if err != nil {
		return err
	}
	builder, err := receivers.New(cfg.Alerts.Receivers, receivers.Settings{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, builder.Close(ctx)) }()
	parser, limits := query.NewParser(), cfg.LogQuery.Limits()
	definition := func(name string, level scopes.Level) *scopes.Definition {
		def, _ := catalogue.Lookup(name, level)
		return def
	}
	rules := &ruleChecker{metric: definition, parser: parser, language: language, builder: builder, limits: limits}
	looked := &dashboardChecker{catalogue: catalogue, parser: parser, language: language, limits: limits}

	dir, err := os.MkdirTemp("", "endscope-check-")
	if err != nil {
		return fmt.Errorf("make a folder for the check: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := resources.Open(ctx, cfg.Resources, resources.Settings{DataDir: dir, Kinds: append(rules.kinds(), looked.kinds()...)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	_, err = store.Provision(ctx, resources.Provisioning{Source: resources.FilesSource, Documents: docs, DryRun: true})
	return err
}
