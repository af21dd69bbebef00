package records

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/endscope/endscope/agent/push"
)

// Check pushes no rows to each log's table, and returns an error when the server does not take them.
func Check(ctx context.Context, cfg SendConfig, server string, client *http.Client) error {
	for _, kind := range []Kind{KindTraffic, KindConsole, KindEvent} {
		url := cfg.url(server, kind)
		a, err := push.Post(ctx, client, push.Request{URL: url, Timeout: cfg.Timeout, MaxAnswer: 2048, Header: http.Header{"Content-Type": {"application/x-ndjson"}}})
		if err != nil {
			return err
		}
		if !a.Stored() {
			return fmt.Errorf("%s does not take an empty push: %w", url, a.Err())
		}
	}
	return nil
}

// url is where rows of a log are pushed.
func (c SendConfig) url(server string, kind Kind) string {
	return strings.TrimSuffix(server, "/") + strings.TrimSuffix(c.Path, "/") + "/" + kind.table()
}
