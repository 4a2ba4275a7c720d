// Package wire is the contract between a till and the central payment API: the
// document, the types made of it, and the problems that central answers with.
//
// It sends nothing and checks nothing; package contract, below it, checks bodies
// against the document and is linked by simulators and tests only. Start with
// openapi.yaml, then [PaymentRequest] and [Payment].
//
// Facts: openapi.yaml (OpenAPI 3.1); RFC 9457 for problems.
package wire

import _ "embed"

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config gen.yaml openapi.yaml

// OpenAPI is the contract, the text of openapi.yaml.
//
//go:embed openapi.yaml
var OpenAPI []byte
