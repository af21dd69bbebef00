// Package runbooks holds the pages for those on call, one for each ready-made alert rule.
//
// It owns the pages (ID.md, embedded) and nothing else. It does not own the rules, which are in alerts/pack; a test compares the two.
// It must not import any other package of ours.
package runbooks

import (
	"embed"
	"io/fs"
)

//go:embed *.md
var pages embed.FS

// FS returns the pages, each as ID.md at the root. It is safe for concurrent use.
func FS() fs.FS { return pages }
