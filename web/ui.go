package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// bundle holds the built UI, or only a placeholder in a program that was built without it.
//
//go:embed all:ui/dist
var bundle embed.FS

//go:embed placeholder.html
var placeholderText string

// securityPolicy lets pages load from this server alone and be framed by nobody.
const securityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
	"worker-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"

// builtBase is the element of the built page that says where its files are. The build does not know the server's path prefix.
const builtBase = `<base href="/" />`

// ui serves the UI's files.
type ui struct {
	files       fs.FS  // nil where there is no bundle
	index       []byte // the one page, for this server's path prefix
	placeholder *template.Template
}

// newUI returns the UI below a path prefix, which is empty or begins with a slash and does not end with one.
func newUI(files fs.FS, prefix string) (*ui, error) {
	dist, err := fs.Sub(files, "ui/dist")
	if err != nil {
		return nil, fmt.Errorf("open embedded UI: %w", err)
	}
	u := &ui{}
	switch index, err := fs.ReadFile(dist, "index.html"); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read embedded UI: %w", err)
	case !bytes.Contains(index, []byte(builtBase)):
		return nil, fmt.Errorf("embedded UI: index.html lacks %s", builtBase)
	default:
		u.files = dist
		u.index = bytes.Replace(index, []byte(builtBase), fmt.Appendf(nil, `<base href="%s/" />`, template.HTMLEscapeString(prefix)), 1)
	}
	if u.placeholder, err = template.New("placeholder").Parse(placeholderText); err != nil {
		return nil, fmt.Errorf("parse placeholder page: %w", err)
	}
	return u, nil
}

// isPage says whether a request that no route matches is for a page of the UI, which has routes of its own.
func isPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch first {
	case "api", "-", "debug", "metrics", "v1", "federate", "subscriptions":
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// handleUI answers with a file of the UI, or with its one page for every path that is not a file. Without a bundle it answers with a
// page that says so.
func (s *Server) handleUI(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", securityPolicy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "same-origin")
	if s.ui.files == nil {
		if r.URL.Path != "/" {
			if s.redirectToAPI(w, r) {
				return nil
			}
			return fmt.Errorf("%w: %s; this server was built without the UI", errUnknownPath, r.URL.Path)
		}
		return s.writePlaceholder(w)
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if strings.HasPrefix(name, "assets/") {
		return s.ui.serveAsset(w, r, name)
	}
	content, err := fs.ReadFile(s.ui.files, name)
	if err != nil || name == "index.html" { // what is no file is a page, which the UI knows or says that it does not
		name, content = "index.html", s.ui.index
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	return nil
}

// serveAsset answers with a file that is named by its content. The build leaves most of them as NAME.gz only, which is sent as it is to
// whoever takes gzip.
func (u *ui) serveAsset(w http.ResponseWriter, r *http.Request, name string) error {
	content, err := fs.ReadFile(u.files, name)
	packed := errors.Is(err, fs.ErrNotExist)
	if packed {
		content, err = fs.ReadFile(u.files, name+".gz")
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s", errUnknownPath, r.URL.Path) // never the page: a browser would take it for a script
	case err != nil:
		return fmt.Errorf("read %s of the UI: %w", name, err)
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if packed {
		if q, _ := acceptance(r.Header.Get("Accept-Encoding"), "gzip"); q > 0 {
			w.Header().Set("Content-Encoding", "gzip")
		} else if content, err = unpack(content); err != nil {
			return fmt.Errorf("read %s of the UI: %w", name, err)
		}
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	return nil
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func (s *Server) writePlaceholder(w http.ResponseWriter) error {
	type example struct{ Question, Query, URL string }
	var page bytes.Buffer
	base := s.prefix
	ask := func(question, query string) example {
		return example{question, query, base + "/api/v1/query?query=" + url.QueryEscape(query)}
	}
	data := struct {
		Base     string
		Version  string
		Examples []example
	}{
		Base: base,
		Examples: []example{
			ask("How busy is each instance?", "instance_cpu_utilization_ratio"),
			ask("How many requests does each deployment answer per second?",
				"sum by (endpoint, deployment) (histogram_count(rate(endpoint_request_duration_seconds[1m])))"),
			ask("How long do the slowest 5 % of an endpoint's requests take?",
				"histogram_quantile(0.95, sum by (endpoint) (rate(endpoint_request_duration_seconds[5m])))"),
		},
	}
	if p := s.set.Prometheus; p != nil {
		data.Version = p.Version
	}
	if err := s.ui.placeholder.Execute(&page, data); err != nil {
		return fmt.Errorf("render placeholder page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, err := w.Write(page.Bytes())
	return err
}
