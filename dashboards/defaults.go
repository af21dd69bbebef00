package dashboards

import (
	"embed"
	"io/fs"
)

// The dashboards that come with the server.
//
//go:embed defaults/*.yaml
var defaults embed.FS

// BuiltinSource is the source of provisioning of the dashboards that come with the server. Nobody else should provision under this name.
const BuiltinSource = "builtin"

// Defaults returns the files of the dashboards that come with the server, each a document with the keys kind, name and spec.
func Defaults() (fs.FS, error) { return fs.Sub(defaults, "defaults") }
