package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// texts returns the first column of what a query of the logs answers, as texts.
func (b *bench) texts(ctx context.Context, query string) ([]string, error) {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url()+"/api/v1/logs/query", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/csv")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", query, resp.Status, text)
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "\r", "")), "\n")
	return lines[1:], nil
}

// rows counts the rows of a log for which a condition holds.
func (b *bench) rows(ctx context.Context, table, condition string) (int, error) {
	got, err := b.texts(ctx, table+" | where "+condition+" | count")
	if err != nil {
		return 0, err
	}
	if len(got) != 1 {
		return 0, fmt.Errorf("a count has %d rows", len(got))
	}
	return strconv.Atoi(got[0])
}

// value returns the only value of a PromQL expression.
func (b *bench) value(ctx context.Context, expr string) (float64, error) {
	body, err := subproc.Get(ctx, b.url()+"/api/v1/query", url.Values{"query": {expr}})
	if err != nil {
		return 0, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, err
	}
	if len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("%s has %d values", expr, len(answer.Data.Result))
	}
	text, _ := answer.Data.Result[0].Value[1].(string)
	return strconv.ParseFloat(text, 64)
}

// own returns the sum of the series of the agent's page with a name, and 0 when there are none.
func (b *bench) own(ctx context.Context, name string) (float64, error) {
	body, err := subproc.Get(ctx, "http://"+b.page+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for line := range strings.Lines(string(body)) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		fields := strings.Fields(rest)
		v, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, fmt.Errorf("read %q: %w", line, err)
		}
		sum += v
	}
	return sum, nil
}

// lost is what the agent counted as lost: rows and samples.
func (b *bench) lost(ctx context.Context) (int, error) {
	rows, err := b.own(ctx, "endpoint_data_collection_errors_total")
	samples, err2 := b.own(ctx, "agent_dropped_samples_total")
	return int(rows + samples), errors.Join(err, err2)
}

// awaitRows waits until a log holds so many rows for which a condition holds. More is an error, too.
func (b *bench) awaitRows(ctx context.Context, limit time.Duration, table, condition string, want int) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return b.agent.Await(ctx, func(ctx context.Context) error {
		got, err := b.rows(ctx, table, condition)
		if err == nil && got != want {
			err = fmt.Errorf("%d rows of %s where %s, want %d", got, table, condition, want)
		}
		return err
	})
}
