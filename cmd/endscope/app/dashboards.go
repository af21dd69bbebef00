package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/endscope/endscope/dashboards"
	"github.com/endscope/endscope/resources"
)

// builtinDashboards returns the dashboards that come with the server.
func builtinDashboards() ([]resources.Document, error) {
	files, err := dashboards.Defaults()
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*")
	if err != nil {
		return nil, err
	}
	var docs []resources.Document
	for _, name := range names {
		f, err := files.Open(name)
		if err != nil {
			return nil, err
		}
		some, err := resources.ParseDocuments(f, name)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		docs = append(docs, some...)
	}
	return docs, nil
}

// provisionBuiltin makes the dashboards that come with this version of the server the stored ones of theirs, or takes them away where they
// are switched off. What somebody else has under such a name stays. A dashboard that cannot be stored is no reason not to start.
func provisionBuiltin(ctx context.Context, store *resources.Store, cfg dashboards.Config, log *slog.Logger) error {
	all, err := builtinDashboards()
	if err != nil {
		return fmt.Errorf("read the dashboards of the server: %w", err)
	}
	var docs []resources.Document
	for _, d := range all {
		r, err := store.Get(ctx, d.Kind, d.Name)
		switch {
		case !cfg.Builtin:
		case err != nil && !errors.Is(err, resources.ErrNotFound):
			return err
		case err == nil && r.Source != dashboards.BuiltinSource:
			log.Warn("a dashboard of the server is left out: there is another one of its name", "name", d.Name, "source", r.Source)
		default:
			docs = append(docs, d)
		}
	}
	_, err = store.Provision(ctx, resources.Provisioning{Source: dashboards.BuiltinSource, Documents: docs, By: "server"})
	var refused *resources.ProvisionError
	if errors.As(err, &refused) {
		log.Error("the dashboards of the server are not stored", "err", err)
		return nil
	}
	return err
}
