package web

import (
	"net/url"
	"strings"
)

// ExternalURL returns the URL under which people reach a server of a configuration that listens on an address, host:port, without a
// slash at its end. It is known before the server is, but for a port that the system chooses.
func ExternalURL(cfg Config, listen string) (*url.URL, error) {
	tls := false
	if cfg.ConfigFile != "" {
		var err error
		if _, tls, err = readAccess(cfg.ConfigFile); err != nil {
			return nil, err
		}
	}
	return externalURL(cfg, listen, tls), nil
}

// externalURL is ExternalURL of a valid configuration.
func externalURL(cfg Config, listen string, tls bool) *url.URL {
	if cfg.ExternalURL != "" {
		if u, err := url.Parse(strings.TrimRight(cfg.ExternalURL, "/")); err == nil { // Validate has parsed it
			return u
		}
	}
	u := &url.URL{Scheme: "http", Host: listen, Path: strings.TrimRight(cfg.RoutePrefix, "/")}
	if tls {
		u.Scheme = "https"
	}
	return u
}
