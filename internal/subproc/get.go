package subproc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Get returns the body of a 200 answer; every other answer is an error with the beginning of its text. A nil query adds none.
func Get(ctx context.Context, address string, query url.Values) ([]byte, error) {
	if query != nil {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", address, resp.Status, bytes.TrimSpace(body[:min(len(body), 500)]))
	}
	return body, nil
}
