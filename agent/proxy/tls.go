package proxy

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificateCheck is how often the files of the certificate are looked at.
const certificateCheck = 10 * time.Second

// serverTLS returns how clients are served. It returns an error when the certificate cannot be read now; one that cannot be read later, while its
// files are being replaced, keeps the old one.
func serverTLS(cfg TLSConfig) (*tls.Config, error) {
	c := &certificate{cfg: cfg}
	if err := c.read(time.Now()); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

// certificate is read anew when its file changes. Safe for concurrent use.
type certificate struct {
	cfg TLSConfig

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time // of the file
	checked time.Time
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) > certificateCheck {
		_ = c.read(now)
	}
	return c.current, nil
}

func (c *certificate) read(now time.Time) error {
	c.checked = now
	info, err := os.Stat(c.cfg.CertFile)
	if err != nil {
		return err
	}
	if c.current != nil && info.ModTime().Equal(c.changed) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.cfg.CertFile, c.cfg.KeyFile)
	if err != nil {
		return err
	}
	c.current, c.changed = &pair, info.ModTime()
	return nil
}
