package fn

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// parsePathFunctions take paths of files apart.
func parsePathFunctions() []Scalar {
	return []Scalar{
		textFunction("parse_path(path: string): dynamic",
			"Returns the parts of a file's path: Scheme, RootPath, DirectoryPath, DirectoryName, Filename, Extension, AlternateDataStreamName.",
			func(s string) value.Value { return parsePath(s) }),
	}
}

// parsePath takes paths of both slashes, with a scheme (file://), a drive (C:), the prefix of long paths (\\?\), and a data stream behind the
// name of the file.
func parsePath(s string) *value.Bag {
	var scheme, root, stream string
	if before, after, ok := strings.Cut(s, "://"); ok && isScheme(before) {
		scheme, s = before, after
	}
	s = strings.TrimPrefix(s, `\\?\`)
	if drive := strings.TrimLeft(s, "/"); scheme != "" && hasDrive(drive) {
		s = drive // file:///C:/x
	}
	if hasDrive(s) {
		root = s[:2]
	}
	i := strings.LastIndexAny(s, `/\`)
	directory, file := "", s
	if i >= 0 {
		directory, file = s[:i], s[i+1:]
	} else if root != "" {
		directory, file = root, s[2:]
	}
	file, stream, _ = strings.Cut(file, ":")
	name := strings.TrimPrefix(directory, root)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	extension := ""
	if dot := strings.LastIndexByte(file, '.'); dot >= 0 {
		extension = file[dot+1:]
	}
	b := &value.Bag{}
	b.Set("Scheme", scheme)
	b.Set("RootPath", root)
	b.Set("DirectoryPath", directory)
	b.Set("DirectoryName", name)
	b.Set("Filename", file)
	b.Set("Extension", extension)
	b.Set("AlternateDataStreamName", stream)
	return b
}

func hasDrive(s string) bool {
	return len(s) >= 2 && s[1] == ':' && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
}
