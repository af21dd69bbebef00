package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// users writes a web configuration file that makes everybody authenticate as grafana with the password secret.
func users(t *testing.T, more string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "web.yml")
	require.NoError(t, os.WriteFile(file, []byte("basic_auth_users:\n  grafana: "+string(hash)+"\n"+more), 0o600))
	return file
}

func TestClosedByDefault(t *testing.T) {
	open := filepath.Join(t.TempDir(), "open.yml")
	require.NoError(t, os.WriteFile(open, []byte("http_server_config: {http2: true}\n"), 0o600))
	for name, c := range map[string]struct {
		listen string
		change func(*Config)
		fails  string
	}{
		"IPv4 loopback":        {listen: "127.0.0.1:0"},
		"another IPv4":         {listen: "127.8.8.8:0"},
		"IPv6 loopback":        {listen: "[::1]:9190"},
		"mapped loopback":      {listen: "[::ffff:127.0.0.1]:0"},
		"localhost":            {listen: "localhost:0"},
		"all addresses":        {listen: ":9190", fails: "either set web.config_file to a file with basic_auth_users, or listen on 127.0.0.1:9190, or set web.allow_unauthenticated to true"},
		"all IPv4":             {listen: "0.0.0.0:9190", fails: "refusing to listen on 0.0.0.0:9190"},
		"all IPv6":             {listen: "[::]:9190", fails: "refusing to listen"},
		"a name":               {listen: "host.example.org:9190", fails: "refusing to listen"},
		"a private address":    {listen: "10.0.0.1:9190", fails: "refusing to listen"},
		"waived":               {listen: ":0", change: func(c *Config) { c.AllowUnauthenticated = true }},
		"with users":           {listen: ":0", change: func(c *Config) { c.ConfigFile = users(t, "") }},
		"a file without users": {listen: ":0", change: func(c *Config) { c.ConfigFile = open }, fails: "refusing to listen"},
		"no file":              {listen: "127.0.0.1:0", change: func(c *Config) { c.ConfigFile = "nowhere.yml" }, fails: "config_file nowhere.yml"},
		"no port":              {listen: "127.0.0.1", fails: "listen: must be an address such as 127.0.0.1:9190 (got 127.0.0.1)"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			if c.change != nil {
				c.change(&cfg)
			}
			_, err := checkAccess(cfg, c.listen)
			if c.fails == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.fails)
			_, err = New(cfg, Settings{Listen: c.listen, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Registerer: prometheus.NewRegistry()})
			require.ErrorContains(t, err, c.fails)
		})
	}
}

func TestBasicAuthentication(t *testing.T) {
	h := start(t, func(o *options) { o.web.ConfigFile = users(t, "") })
	require.Equal(t, 401, h.get("/api/v1/query?query=1").status)
	for password, status := range map[string]int{"secret": 200, "wrong": 401} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/api/v1/query?query=1", nil)
		require.NoError(t, err)
		req.SetBasicAuth("grafana", password)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, status, res.StatusCode)
	}
}

func TestTheDoorStaysClosedWhenTheFileLosesItsUsers(t *testing.T) {
	file := users(t, "")
	h := start(t, func(o *options) {
		o.web.ConfigFile = file
		o.settings.Listen = "0.0.0.0:0"
	})
	_, port, err := net.SplitHostPort(h.Server.Addr().String())
	require.NoError(t, err)
	h.url = "http://127.0.0.1:" + port
	login := http.Header{"Authorization": {"Basic Z3JhZmFuYTpzZWNyZXQ="}}
	require.Equal(t, 401, h.get("/-/healthy").status)
	require.Equal(t, 200, h.do(http.MethodGet, "/-/healthy", "", login).status)
	require.NoError(t, os.WriteFile(file, []byte("http_server_config: {http2: true}\n"), 0o600))
	require.NoError(t, os.Chtimes(file, time.Now(), time.Now().Add(time.Second)))
	got := h.get("/-/healthy")
	require.Equal(t, 403, got.status)
	require.Contains(t, got.body, "restore its users")
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	pool := certificate(t, dir)
	file := users(t, "tls_server_config: {cert_file: "+filepath.Join(dir, "cert.pem")+", key_file: "+filepath.Join(dir, "key.pem")+"}\n")
	h := start(t, func(o *options) { o.web.ConfigFile = file })
	require.True(t, strings.HasPrefix(h.url, "https://127.0.0.1:"), h.url)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/-/healthy", nil)
	require.NoError(t, err)
	req.SetBasicAuth("grafana", "secret")
	res, err := (&http.Client{Transport: transport}).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, 2, res.ProtoMajor)
}

// certificate writes a key and a certificate for 127.0.0.1 and returns a pool that trusts it.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}
