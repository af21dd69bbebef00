package resources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FilesSource is the source of what the server reads from Config.ProvisioningFiles. Nobody else should provision under this name.
const FilesSource = "files"

// LoadFiles reads the documents of files, folders and patterns, in this order, each file once and the files of a folder or pattern by
// name. Of a folder it reads the files that end in .yaml, .yml or .json, without those below it or whose names begin with a period. Errors:
// of a path or the folder of a pattern that does not exist, so that a wrong path does not read as "no documents"; and those of
// ParseDocuments of all files, joined.
func LoadFiles(paths []string) ([]Document, error) {
	var files []string
	var errs []error
	for _, p := range paths {
		found, err := expand(p)
		if err != nil {
			errs = append(errs, err)
		}
		files = append(files, found...)
	}
	var docs []Document
	seen := map[string]bool{}
	for _, file := range files {
		if seen[filepath.Clean(file)] {
			continue
		}
		seen[filepath.Clean(file)] = true
		some, err := loadFile(file)
		if err != nil {
			errs = append(errs, err)
		}
		docs = append(docs, some...)
	}
	if len(docs) > maxDocuments {
		errs = append(errs, fmt.Errorf("the files hold %d documents: there may be at most %d", len(docs), maxDocuments))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return docs, nil
}

func loadFile(path string) ([]Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ParseDocuments(f, path)
}

// expand returns the files that a path or pattern stands for.
func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return folder(path)
	}
	if err == nil {
		return []string{path}, nil
	}
	if !strings.ContainsAny(path, `*?[`) {
		return nil, err
	}
	if dir := filepath.Dir(path); !strings.ContainsAny(dir, `*?[`) {
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("the folder of %s: %w", path, err)
		}
	}
	found, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var files []string
	for _, f := range found {
		if info, err := os.Stat(f); err != nil {
			return nil, err
		} else if !info.IsDir() {
			files = append(files, f)
		}
	}
	return files, nil
}

func folder(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		if strings.HasPrefix(e.Name(), ".") || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)) {
			continue
		}
		info, err := os.Stat(name) // follows links, as mounted configuration has them
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			files = append(files, name)
		}
	}
	return files, nil
}
