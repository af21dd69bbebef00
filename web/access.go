package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/endscope/endscope/internal/config"
)

// access says how the listener is protected.
type access struct {
	tls      bool
	required bool   // somebody has to authenticate, also after the web configuration file was edited
	file     string // the web configuration file
}

// CheckAccess returns the error with which New would refuse to listen, without listening.
func CheckAccess(cfg Config, listen string) error {
	_, err := checkAccess(cfg, listen)
	return err
}

// checkAccess refuses an address that other machines reach where nobody has to authenticate.
func checkAccess(cfg Config, listen string) (access, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return access{}, fmt.Errorf("web: %w", config.Invalid("listen", listen, "must be an address such as 127.0.0.1:9190"))
	}
	a := access{file: cfg.ConfigFile}
	authenticates := false
	if cfg.ConfigFile != "" {
		if err := toolkit.Validate(cfg.ConfigFile); err != nil {
			return access{}, fmt.Errorf("web: config_file %s: %w", cfg.ConfigFile, err)
		}
		if authenticates, a.tls, err = readAccess(cfg.ConfigFile); err != nil {
			return access{}, err
		}
	}
	if isLoopback(host) || cfg.AllowUnauthenticated {
		return a, nil
	}
	if !authenticates {
		return access{}, fmt.Errorf("web: refusing to listen on %s: other machines can reach it and nobody would have to authenticate; "+
			"either set web.config_file to a file with basic_auth_users, or listen on 127.0.0.1:%s, or set web.allow_unauthenticated to true", listen, port)
	}
	a.required = true
	return a, nil
}

// readAccess says whether the web configuration file makes every client authenticate, and whether it turns on TLS.
func readAccess(file string) (authenticates, tls bool, err error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return false, false, fmt.Errorf("read web.config_file: %w", err)
	}
	var c struct {
		Users map[string]string `yaml:"basic_auth_users"`
		TLS   struct {
			Cert       string `yaml:"cert"`
			CertFile   string `yaml:"cert_file"`
			ClientAuth string `yaml:"client_auth_type"`
		} `yaml:"tls_server_config"`
	}
	if err := yaml.Unmarshal(content, &c); err != nil {
		return false, false, fmt.Errorf("read web.config_file %s: %w", file, err)
	}
	tls = c.TLS.Cert != "" || c.TLS.CertFile != ""
	return len(c.Users) > 0 || (tls && c.TLS.ClientAuth == "RequireAndVerifyClientCert"), tls, nil
}

// guard keeps the door closed when the web configuration file, which is read again for each request, is edited so that it
// has no users any more.
func (a access) guard(s *Server, next http.Handler) http.Handler {
	if !a.required {
		return next
	}
	closed := s.serveUnrouted(func(http.ResponseWriter, *http.Request) error {
		return &ForbiddenError{"web.config_file no longer makes anybody authenticate, and other machines can reach this address; restore its users"}
	})
	var (
		mu      sync.Mutex
		changed time.Time
		open    bool
	)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		info, err := os.Stat(a.file)
		switch {
		case err != nil:
			open, changed = false, time.Time{}
		case !info.ModTime().Equal(changed):
			authenticates, _, err := readAccess(a.file)
			open, changed = err == nil && authenticates, info.ModTime()
		}
		ok := open
		mu.Unlock()
		if !ok {
			closed.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback says whether only this machine reaches a listener on host.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
