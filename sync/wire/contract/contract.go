// Package contract checks requests, answers and records against the contract of
// package wire, so that neither a simulator nor a test can drift from it.
//
// It is no part of a till: it reads the document at start and needs a whole
// OpenAPI library for it. It checks shape; whether a total adds up or a token is
// good is the server's business. Start with [New].
//
// Facts: wire/openapi.yaml; the kinds of record are those of its RecordKind.
package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"balcao/sync/wire"
)

// bodyMax is 1 MiB, the largest batch of the contract, with room for its head.
const bodyMax = 1<<20 + 64<<10

// ErrNoOperation says that the contract has no such method and path.
var ErrNoOperation = errors.New("the contract has no such operation")

// An Error is what does not fit the contract; no violation holds a value.
type Error struct {
	Violations []wire.Violation
}

func (e *Error) Error() string {
	parts := make([]string, 0, len(e.Violations))
	for _, violation := range e.Violations {
		part := violation.Code
		if violation.Pointer != "" {
			part = violation.Pointer + ": " + part
		}
		if violation.Detail != nil {
			part += " (" + *violation.Detail + ")"
		}
		parts = append(parts, part)
	}
	return "does not fit the contract: " + strings.Join(parts, "; ")
}

// A Validator holds the document read. It is safe for use by several goroutines.
type Validator struct {
	document *openapi3.T
	router   routers.Router
	options  *openapi3filter.Options
	strict   bool
}

// New reads the contract. A strict validator also refuses fields of requests and
// records that the contract does not know; a till ignores them in answers.
func New(strict bool) (*Validator, error) {
	document, err := readDocument()
	if err != nil {
		return nil, fmt.Errorf("read contract: %w", err)
	}
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		return nil, fmt.Errorf("read contract: %w", err)
	}
	options := &openapi3filter.Options{
		MultiError:            true,
		SkipSettingDefaults:   true,
		IncludeResponseStatus: true,
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
		// Bodies are checked here: the filter would compile their schemas anew each time.
		ExcludeRequestBody:  true,
		ExcludeResponseBody: true,
	}
	return &Validator{document: document, router: router, options: options, strict: strict}, nil
}

// readDocument reads the contract once for all validators: it takes tens of
// milliseconds and never changes.
var readDocument = sync.OnceValues(func() (*openapi3.T, error) {
	document, err := openapi3.NewLoader().LoadFromData(wire.OpenAPI)
	if err != nil {
		return nil, err
	}
	document.Servers = nil // any host: a simulator has none that is known before
	return document, nil
})

// ValidateRequest checks path, parameters, headers and body, and leaves the body to
// be read again. It answers [ErrNoOperation], an [*Error], or an error of reading.
func (v *Validator) ValidateRequest(request *http.Request) error {
	input, err := v.route(request)
	if err != nil {
		return err
	}
	violations := violationsOf(openapi3filter.ValidateRequest(request.Context(), input))
	declared := input.Route.Operation.RequestBody
	if declared == nil {
		return asError(violations)
	}
	body, err := readAgain(request)
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	media := declared.Value.Content.Get(request.Header.Get("Content-Type"))
	if media == nil {
		return asError(append(violations, violation("", "invalid-content-type", "")))
	}
	if isForm(request.Header) {
		return asError(append(violations, v.formViolations(input)...))
	}
	return asError(append(violations, v.bodyViolations(media.Schema.Value, body, openapi3.VisitAsRequest())...))
}

// ValidateResponse checks status, headers and body of the answer to request.
func (v *Validator) ValidateResponse(request *http.Request, status int, header http.Header, body []byte) error {
	input, err := v.route(request)
	if err != nil {
		return err
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: status, Header: header, Options: v.options,
	}
	violations := violationsOf(openapi3filter.ValidateResponse(request.Context(), answer))
	declared := input.Route.Operation.Responses.Status(status)
	if declared == nil {
		declared = input.Route.Operation.Responses.Default()
	}
	if declared == nil || len(declared.Value.Content) == 0 {
		return asError(violations)
	}
	media := declared.Value.Content.Get(header.Get("Content-Type"))
	if media == nil {
		return asError(append(violations, violation("", "invalid-content-type", header.Get("Content-Type"))))
	}
	return asError(append(violations, shapeViolations(media.Schema.Value, body, openapi3.VisitAsResponse())...))
}

func (v *Validator) route(request *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := v.router.FindRoute(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", request.Method, request.URL.Path, ErrNoOperation)
	}
	return &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route, Options: v.options,
	}, nil
}

// formViolations leaves the form to the filter: its one schema has a `const`, which
// only the filter's validator knows.
func (v *Validator) formViolations(input *openapi3filter.RequestValidationInput) []wire.Violation {
	whole := *v.options
	whole.ExcludeRequestBody = false
	input.Options = &whole
	return violationsOf(openapi3filter.ValidateRequest(input.Request.Context(), input))
}

func (v *Validator) bodyViolations(schema *openapi3.Schema, body []byte, direction openapi3.SchemaValidationOption) []wire.Violation {
	violations := shapeViolations(schema, body, direction)
	if !v.strict {
		return violations
	}
	value, err := decode(body)
	if err != nil {
		return violations
	}
	return append(violations, unknownFields(schema, value, "")...)
}

// shapeViolations checks a JSON text against a schema.
func shapeViolations(schema *openapi3.Schema, body []byte, direction openapi3.SchemaValidationOption) []wire.Violation {
	value, err := decode(body)
	if err != nil {
		return []wire.Violation{violation("", "invalid-json", err.Error())}
	}
	return violationsOf(schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails(), direction))
}

func decode(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errors.New("not JSON") // the decoder's own words may repeat a value
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

// readAgain reads the body and puts it back.
func readAgain(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, bodyMax+1))
	if err != nil {
		return nil, err
	}
	if len(body) > bodyMax {
		return nil, fmt.Errorf("body of more than %d bytes", bodyMax)
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

func isForm(header http.Header) bool {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && media == "application/x-www-form-urlencoded"
}

func asError(violations []wire.Violation) error {
	if len(violations) == 0 {
		return nil
	}
	return &Error{Violations: violations}
}
