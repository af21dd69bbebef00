package scrape

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// accept asks for the richest format first, as Prometheus does with native histograms on.
const accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6," +
	"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"

// statusError is an answer that is not a page.
type statusError struct{ code int }

func (e *statusError) Error() string {
	return fmt.Sprintf("answered %d %s", e.code, http.StatusText(e.code))
}

// fetcher gets pages into memory that it uses again. Not safe for concurrent use.
type fetcher struct {
	client *http.Client
	max    int64
	body   bytes.Buffer
	gzip   *gzip.Reader
}

// get returns the page at u and its Content-Type. The bytes are the fetcher's until the next call. A status other than 2xx is a *statusError; a page
// that is larger than the bound is an error that names it, as is one that ends early.
func (f *fetcher) get(ctx context.Context, u string) ([]byte, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("User-Agent", "endscope-agent")
	if by, ok := ctx.Deadline(); ok {
		req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.FormatFloat(max(time.Until(by).Seconds(), 0), 'f', 3, 64))
	}
	resp, err := f.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) { // whose text repeats the URL
			err = ue.Err
		}
		return nil, "", err
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
		_ = resp.Body.Close()
	}()
	if resp.StatusCode/100 != 2 {
		return nil, "", &statusError{resp.StatusCode}
	}
	var from io.Reader = resp.Body
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		if f.gzip == nil {
			f.gzip, err = gzip.NewReader(resp.Body)
		} else {
			err = f.gzip.Reset(resp.Body)
		}
		if err != nil {
			f.gzip = nil
			return nil, "", fmt.Errorf("inflate page: %w", err)
		}
		from = f.gzip
	}
	f.body.Reset()
	n, err := f.body.ReadFrom(io.LimitReader(from, f.max+1))
	if err != nil {
		return nil, "", fmt.Errorf("read page: %w", err)
	}
	if n > f.max {
		return nil, "", fmt.Errorf("page is larger than max_body: must be at most %d bytes inflated", f.max)
	}
	f.body.Grow(1) // the text parser appends a line break
	return f.body.Bytes(), resp.Header.Get("Content-Type"), nil
}
