package kql

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/endscope/endscope/logs/kql/syntax"
)

// FuzzQuery binds and runs whatever text there is: it may only fail with an error that a caller can name, and within its limits.
func FuzzQuery(f *testing.F) {
	files, err := filepath.Glob("testdata/cases/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range strings.Split(string(text), "\n# ") {
			if query, _, ok := strings.Cut(c, "\n---"); ok {
				if _, query, ok = strings.Cut(query, "\n"); ok {
					f.Add(query)
				}
			}
		}
	}
	e, err := NewEngine(noTables{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		started := time.Now()
		p, err := e.Prepare(ctx, Request{Query: query, Limits: Limits{Rows: 1000, Bytes: 1 << 20, Memory: 16 << 20, Time: 2 * time.Second}})
		if err == nil {
			_, err = p.Collect(ctx)
		}
		if took := time.Since(started); took > 15*time.Second {
			t.Fatalf("the query took %s, and its limit is 2s", took)
		}
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), "internal error") {
			t.Fatal(err)
		}
		if ctx.Err() != nil {
			t.Fatalf("the query does not end: %v", err)
		}
		var syn *syntax.Error
		var sem *SemanticError
		if errors.As(err, &syn) && syn.Line < 1 || errors.As(err, &sem) && sem.Line < 0 {
			t.Fatalf("the error has no place: %v", err)
		}
	})
}
