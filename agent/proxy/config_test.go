package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
)

func TestConfigNamesWhatIsWrong(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	require.False(t, DefaultConfig().Enabled())
	f := func(set func(*Config), want ...string) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Listen, cfg.Target = ":8080", "http://127.0.0.1:8000"
		require.NoError(t, cfg.Validate())
		set(&cfg)
		err := cfg.Validate()
		if len(want) == 0 {
			require.NoError(t, err)
			return
		}
		var got []string
		for _, e := range config.Fields(err) {
			got = append(got, e.Error())
		}
		require.Equal(t, want, got)
	}
	const url = "must be a URL such as http://127.0.0.1:8000, https://host, h2c://127.0.0.1:8001 or unix:///run/model.sock"
	f(func(c *Config) { c.Listen = "8080" }, "listen: must be host:port or :port, such as :8080, or empty (got 8080)")
	f(func(c *Config) { c.Target = "" }, `target: `+url+` (got "")`)
	f(func(c *Config) { c.Target = "127.0.0.1:8000" }, `target: `+url+` (got "127.0.0.1:8000")`)
	f(func(c *Config) { c.Target = "ftp://u:secret@x" }, `target: `+url+` (got "ftp://u:xxxxx@x")`)
	f(func(c *Config) { c.Target = "http://u:secret@x\x00" }, `target: `+url+" (got \"…@x\x00\")")
	f(func(c *Config) { c.Target = "http://u:secret@x" }, "target: must have neither user, query nor fragment (got http://u:xxxxx@x)")
	f(func(c *Config) { c.Target = "unix:relative" }, `target: `+url+` (got "unix:relative")`)
	for _, good := range []string{"h2c://x:1", "https://x/base", "unix:///run/x.sock", "http://[::1]:8000"} {
		f(func(c *Config) { c.Target = good })
	}
	f(func(c *Config) { c.StatusCodes = "aws" }, "status_codes: must be passthrough or azure (got aws)")
	f(func(c *Config) { c.StatusCodes, c.RequestTimeout = Azure, 4*time.Minute }, "request_timeout: must be at most 180s with status_codes azure (got 4m0s)")
	f(func(c *Config) { c.RequestTimeout = time.Hour })
	f(func(c *Config) { c.RequestTimeout = -1 }, "request_timeout: must be 0 or at least 1ms (got -1ns)")
	f(func(c *Config) { c.ConnectTimeout = 0 }, "connect_timeout: must be between 1ms and 1h0m0s (got 0s)")
	f(func(c *Config) { c.HeaderTimeout = 48 * time.Hour }, "header_timeout: must be 0 or between 1ms and 24h0m0s (got 48h0m0s)")
	f(func(c *Config) { c.MaxQueue = 5 }, "max_queue: must be 0 without max_concurrent, which nothing waits for (got 5)")
	f(func(c *Config) { c.MaxConcurrent, c.MaxConnections = -1, -2 }, "max_concurrent: must be between 0 and 1000000 (got -1)", "max_connections: must be between 0 and 1000000 (got -2)")
	f(func(c *Config) { c.BandwidthLimit = 5 }, "bandwidth_limit: must be 0 or between 1KiB and 1TiB (got 5B)")
	f(func(c *Config) { c.BandwidthBurst = 1 << 20 }, "bandwidth_burst: must be 0 without bandwidth_limit (got 1MiB)")
	f(func(c *Config) { c.MaxHeaderBytes = 0 }, "max_header_bytes: must be between 1KiB and 16MiB (got 0)")
	f(func(c *Config) { c.TLS.CertFile = "x" }, `tls: must have both files or none (got cert_file "x", key_file "")`)

	cfg := DefaultConfig()
	cfg.StatusCodes = Azure
	require.Equal(t, 5*time.Second, cfg.requestTimeout())
	cfg.RequestTimeout = time.Minute
	require.Equal(t, time.Minute, cfg.requestTimeout())
	_, err := New(DefaultConfig(), Settings{})
	require.ErrorContains(t, err, "listen is empty")
}

func TestWhatCannotBeginLeavesNothingBehind(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Listen, cfg.Target = "127.0.0.1:0", "http://127.0.0.1:1"
	reg := prometheus.NewRegistry()
	p, err := New(cfg, Settings{Registerer: reg})
	require.NoError(t, err)

	taken := cfg
	taken.Listen = p.Addr().String()
	_, err = New(taken, Settings{})
	require.ErrorContains(t, err, "address already in use")
	_, err = New(cfg, Settings{Registerer: reg})
	require.ErrorContains(t, err, "register the proxy's metrics")
	require.NoError(t, p.Close(), "without Run")
	require.NoError(t, p.Close())
	p, err = New(taken, Settings{})
	require.NoError(t, err, "the address is free again")
	require.NoError(t, p.Close())

	cfg.TargetTLS.CAFile = filepath.Join(t.TempDir(), "none")
	_, err = New(cfg, Settings{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(cfg.TargetTLS.CAFile, []byte("x"), 0o600))
	_, err = New(cfg, Settings{})
	require.ErrorContains(t, err, "target_tls.ca_file: must hold certificates as PEM")
	cfg.TargetTLS.CAFile = ""
	cfg.TLS = TLSConfig{"none", "none"}
	_, err = New(cfg, Settings{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAListenerThatFailsIsAnError(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Listen, cfg.Target = "127.0.0.1:0", "http://127.0.0.1:1"
	p, err := New(cfg, Settings{})
	require.NoError(t, err)
	require.NoError(t, p.Close())
	require.ErrorIs(t, p.Run(t.Context()), net.ErrClosed)
}

// certificateFiles writes a certificate for 127.0.0.1 that signs itself.
func certificateFiles(t *testing.T, dir string, serial int64) TLSConfig {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "model"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	cfg := TLSConfig{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	require.NoError(t, os.WriteFile(cfg.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(cfg.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return cfg
}

func TestTLSOnBothSides(t *testing.T) {
	files := certificateFiles(t, t.TempDir(), 1)
	model := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.Header.Get("X-Forwarded-Proto"))
	}))
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	require.NoError(t, err)
	model.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	model.EnableHTTP2 = true
	model.StartTLS()
	t.Cleanup(model.Close)

	f := start(t, model.URL, func(c *Config) { c.TLS, c.TargetTLS.CAFile = files, files.CertFile })
	roots := x509.NewCertPool()
	pemText, err := os.ReadFile(files.CertFile)
	require.NoError(t, err)
	roots.AppendCertsFromPEM(pemText)
	var last *http.Response
	for _, http2 := range []bool{false, true} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: http2}
		res, body := get(t, &http.Client{Transport: tr}, "https://"+f.Addr().String())
		tr.CloseIdleConnections()
		require.Equal(t, "HTTP/2.0 https", body)
		require.Equal(t, http2, res.ProtoMajor == 2)
		last = res
	}
	require.Equal(t, "HTTP/2.0", f.rowOf(2, last).Protocol)

	f = start(t, model.URL, nil)
	res, _ := get(t, client(t), f.url)
	require.Equal(t, 502, res.StatusCode)
	require.Contains(t, f.row(1).Reason, "certificate")
	f = start(t, model.URL, func(c *Config) { c.TargetTLS.InsecureSkipVerify = true })
	res, _ = get(t, client(t), f.url)
	require.Equal(t, 200, res.StatusCode)
}

func TestANewCertificateIsTaken(t *testing.T) {
	dir := t.TempDir()
	c := &certificate{cfg: certificateFiles(t, dir, 1)}
	require.NoError(t, c.read(time.Now()))
	first, err := c.get(nil)
	require.NoError(t, err)
	certificateFiles(t, dir, 2)
	later := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(c.cfg.CertFile, later, later))
	same, err := c.get(nil)
	require.NoError(t, err)
	require.True(t, first == same, "files are not looked at every time")
	c.checked = time.Time{}
	second, err := c.get(nil)
	require.NoError(t, err)
	require.False(t, first == second)
	require.NoError(t, os.WriteFile(c.cfg.CertFile, []byte("half"), 0o600))
	c.checked = time.Time{}
	third, err := c.get(nil)
	require.NoError(t, err)
	require.True(t, third == second, "the old one serves until the new one can be read")
}

func TestAModelBehindASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.sock")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	model := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })}}
	model.Start()
	t.Cleanup(model.Close)
	f := start(t, "unix://"+path, nil)
	_, body := get(t, client(t), f.url)
	require.Equal(t, f.Addr().String(), body)
	f.row(1)
}

func TestEverySeriesIsThereFromTheStart(t *testing.T) {
	f := start(t, nobody(t), nil)
	families, err := f.reg.Gather()
	require.NoError(t, err)
	var names []string
	for _, family := range families {
		names = append(names, family.GetName())
		require.NotEmpty(t, family.GetHelp())
		for _, m := range family.GetMetric() {
			require.Zero(t, m.GetCounter().GetValue()+m.GetGauge().GetValue()+m.GetHistogram().GetSampleSum())
		}
	}
	require.Equal(t, strings.Fields(`agent_proxy_invalid_client_request_ids_total agent_proxy_panics_total agent_proxy_refused_connections_total endpoint_connections_active
		endpoint_connections_opened_total endpoint_download_duration_seconds endpoint_inter_token_latency_seconds endpoint_model_duration_seconds endpoint_network_bytes_total
		endpoint_queue_duration_seconds endpoint_request_duration_seconds endpoint_request_size_bytes endpoint_requests_in_flight endpoint_response_size_bytes
		endpoint_stream_errors_total endpoint_throttle_delay_seconds_total endpoint_time_to_first_token_seconds endpoint_tokens_total endpoint_upload_duration_seconds`), names)
	page, err := os.ReadFile("../../docs/agent/proxy.md")
	require.NoError(t, err)
	for _, name := range names {
		require.Contains(t, string(page), "`"+name+"`")
	}
	for _, status := range []string{"408", "429", "499", "502", "503", "504"} {
		require.Contains(t, string(page), "\n| "+status)
	}
}

// Each status that a configuration can give is there from the start, and no other.
func TestEveryPossibleStatusIsThereFromTheStart(t *testing.T) {
	statuses := func(change func(*Config)) (all []string) {
		families, err := start(t, nobody(t), change).reg.Gather()
		require.NoError(t, err)
		for _, family := range families {
			if family.GetName() != "endpoint_request_duration_seconds" {
				continue
			}
			for _, m := range family.GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == "status_code" {
						all = append(all, l.GetValue())
					}
				}
			}
		}
		slices.Sort(all)
		return all
	}
	require.Equal(t, []string{"200", "499", "500", "502", "503", "504"}, statuses(nil))
	require.Equal(t, []string{"200", "408", "424", "429", "499", "502", "503", "504"}, statuses(func(c *Config) { c.StatusCodes, c.MaxConcurrent = Azure, 4 }))
}

func TestStatusLabelsAreBounded(t *testing.T) {
	labels := map[string]bool{}
	for i := -10; i < 2000; i++ {
		labels[statusLabel(i)] = true
	}
	require.Len(t, labels, 502, "none, 100 to 599, other")
}

func TestExemplarsAreFew(t *testing.T) {
	h := &recording{}
	s := newSampled(h)
	labels := func() prometheus.Labels { return prometheus.Labels{"request_id": "x"} }
	for range 100 {
		s.observe(1, labels)
	}
	require.Equal(t, 100, h.plain+h.with)
	require.Less(t, h.with, 20, "the first, the largest, and one each 100 ms")
	before := h.with
	s.observe(50, labels)
	require.Equal(t, before+1, h.with, "the slowest request can always be found")
	s.observe(60, nil)
	require.Equal(t, before+1, h.with)
}

type recording struct{ plain, with int }

func (r *recording) Observe(float64)                                { r.plain++ }
func (r *recording) ObserveWithExemplar(float64, prometheus.Labels) { r.with++ }
