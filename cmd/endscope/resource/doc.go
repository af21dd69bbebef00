// Package resource is `endscope apply` and `endscope export`: it sends files of documents to a running server, and prints what a server has
// as such files.
//
// It owns the two command lines, the client side of the provisioning API (docs/alerts/provisioning.md), and how results and errors look in a
// terminal. It does not own the documents' format or their meaning: package resources reads them, and the server judges them.
// It may import cmd/internal/cli and resources, and nothing else of ours. A command belongs to one run.
package resource
