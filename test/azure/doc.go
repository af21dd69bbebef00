// Package azure drives the server with Azure Monitor's own clients, unmodified but for endpoint, credential and transport, and with
// requests that no client sends.
//
// It owns the promise that scripts and SDK clients written for Azure can be pointed at this server, and no behaviour: it holds
// nothing but tests. The Go client is a module; the JavaScript ones are pinned in package.json and package-lock.json, and the tests install
// them with npm ci, from the npm registry, where node_modules does not hold what the lock file says. They need node 20 or newer and npm.
// They may import every part of the server.
//
// The server answers over TLS on loopback, since Azure's clients send no token over plain http.
package azure
