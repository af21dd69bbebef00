package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/endscope/endscope/resources"
)

// maxHistory is the most entries of one answer.
const maxHistory = 1000

// resourceHistory answers who changed a resource, newest first. It is kept for those that are deleted, too.
func (s *Server) resourceHistory(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	name, err := nameOf(r, k)
	if err != nil {
		return err
	}
	p := newParams(r, time.Now(), "limit", "cursor")
	q := resources.AuditQuery{Kind: k.kind, Name: name, Limit: p.number("limit", 100, 1, maxHistory)}
	if text := p.one("cursor"); text != "" {
		if q.Before, err = strconv.ParseInt(text, 10, 64); err != nil || q.Before < 1 {
			p.fail("cursor", text, "must be that of a nextLink")
		}
	}
	if err := p.err(); err != nil {
		return err
	}
	entries, err := s.set.Resources.Audit(r.Context(), q)
	if err != nil {
		return err
	}
	if len(entries) == 0 && q.Before == 0 {
		if _, err := s.set.Resources.Get(r.Context(), k.kind, name); err != nil {
			return err
		}
	}
	answer := map[string]any{"value": notNil(entries)}
	if len(entries) == q.Limit {
		answer["nextLink"] = s.nextLink(r, strconv.FormatInt(entries[len(entries)-1].ID, 10))
	}
	return writeJSON(w, answer)
}

// resourceVersions answers the versions of a resource that are kept, newest first.
func (s *Server) resourceVersions(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	name, err := nameOf(r, k)
	if err != nil {
		return err
	}
	if err := newParams(r, time.Now()).err(); err != nil {
		return err
	}
	versions, err := s.set.Resources.Versions(r.Context(), k.kind, name)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"value": notNil(versions)})
}

// restoreResource makes an old version the current one.
func (s *Server) restoreResource(w http.ResponseWriter, r *http.Request, k resourceKind) error {
	name, err := nameOf(r, k)
	if err != nil {
		return err
	}
	p := newParams(r, time.Now(), "version", "dryRun")
	dry := p.flag("dryRun", false)
	text := p.one("version")
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 1 {
		p.fail("version", text, "must be the number of a version")
	}
	if err := p.err(); err != nil {
		return err
	}
	c := resources.Change{Kind: k.kind, Name: name, By: who(r), DryRun: dry}
	c.IfMatch, c.IfNoneMatch = conditions(r)
	result, err := s.set.Resources.Restore(r.Context(), version, c)
	if err != nil {
		return err
	}
	return s.writeResult(w, r, k, result, dry)
}

// number returns the whole number of a parameter, or absent where it is not given.
func (p *params) number(name string, absent, least, most int) int {
	text := p.one(name)
	if text == "" {
		return absent
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.fail(name, text, fmt.Sprintf("must be a whole number from %d to %d", least, most))
		return absent
	}
	return n
}

// nextLink returns the URL of the page of an answer after this one.
func (s *Server) nextLink(r *http.Request, cursor string) string {
	u, q := s.ExternalURL(), r.URL.Query()
	q.Set("cursor", cursor)
	return u.String() + r.URL.EscapedPath() + "?" + q.Encode()
}

// notNil returns a list that JSON shows as [] where it is empty.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
