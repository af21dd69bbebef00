package process

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
)

// readBounded returns at most limit bytes of a file.
func readBounded(name string, limit int64) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, limit))
	return string(text), err
}

// eachLine calls f for each line of a file; a line of more than 64 KiB is an error.
func eachLine(name string, f func(line string)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		f(lines.Text())
	}
	return lines.Err()
}

// firstLine returns the first line of a small file without its white space, and an error when it is empty.
func firstLine(name string) (string, error) {
	text, err := readBounded(name, 4096)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", errors.New(name + " is empty")
	}
	return line, nil
}
