package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// writeTagged answers 200 with a body, or 304 where the client has it already. The tag is weak: it stands for the content, not for
// the bytes that carry it, which may be compressed.
func writeTagged(w http.ResponseWriter, r *http.Request, contentType string, body []byte) error {
	h := w.Header()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		tag := fmt.Sprintf(`W/"%016x"`, xxhash.Sum64(body))
		h.Set("ETag", tag)
		h.Set("Cache-Control", "private, no-cache") // keep it, and ask before use
		if hasTag(r.Header.Values("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", contentType)
	_, err := w.Write(body)
	return err
}

// hasTag says whether a tag is among those of If-None-Match, compared weakly.
func hasTag(headers []string, tag string) bool {
	for item := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
