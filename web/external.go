package web

import (
	"fmt"
	"net/url"
	"strings"
)

// ExternalURL returns the URL under which people reach a server of a configuration that listens on an address, host:port, without a
// slash at its end. It is known before the server is, but for a port that the system chooses.
func ExternalURL(cfg Config, listen string) (*url.URL, error) {
	if cfg.ExternalURL != "" {
		u, err := url.Parse(strings.TrimRight(cfg.ExternalURL, "/"))
		if err != nil {
			return nil, fmt.Errorf("external_url: %w", err)
		}
		return u, nil
	}
	u := &url.URL{Scheme: "http", Host: listen, Path: strings.TrimRight(cfg.RoutePrefix, "/")}
	if cfg.ConfigFile != "" {
		_, tls, err := readAccess(cfg.ConfigFile)
		if err != nil {
			return nil, err
		}
		if tls {
			u.Scheme = "https"
		}
	}
	return u, nil
}
