package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/internal/subproc"
)

// knowsRollups tells whether Endscope can be asked not to use its roll-ups: a version without them refuses the parameter.
func knowsRollups(ctx context.Context, r *running, p plan) (bool, error) {
	q := questions(p)[0]
	c := column{title: r.name, server: r, ours: true, extra: [2]string{"rollups", "off"}}
	_, _, err := c.ask(ctx, q, q.window(p, 0))
	if err != nil && strings.Contains(err.Error(), "400 Bad Request") && strings.Contains(err.Error(), "rollups") {
		return false, nil
	}
	return err == nil, err
}

// profile keeps the CPU profile of Endscope while it answers each question again and again.
func profile(ctx context.Context, dir string, c column, p plan, wanted []question, progress io.Writer) error {
	const spell = 4 // seconds
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, q := range wanted {
		var g errgroup.Group
		g.Go(func() error {
			body, err := subproc.Get(ctx, c.server.base+"/debug/pprof/profile", url.Values{"seconds": {fmt.Sprint(spell)}})
			return errors.Join(err, os.WriteFile(filepath.Join(dir, q.name+".pprof"), body, 0o644))
		})
		asked := 0
		for until := time.Now().Add(spell * time.Second); time.Now().Before(until) && ctx.Err() == nil; asked++ {
			if _, _, err := c.ask(ctx, q, q.window(p, asked)); err != nil {
				fmt.Fprintf(progress, "profile %s: %v\n", q.name, err)
				break
			}
		}
		if err := g.Wait(); err != nil {
			return err
		}
		fmt.Fprintf(progress, "profiled %s: asked %d times\n", q.name, asked)
	}
	return nil
}
