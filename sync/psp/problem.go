package psp

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"balcao/sync/transport"
)

// problemType is the form of a refusal's type; its last word is the code.
// Source: API Pix 2.9.0, section "Tratamento de erros".
var problemType = regexp.MustCompile(`^https://pix\.bcb\.gov\.br/api/v2/error/([A-Za-z]+)$`)

// readProblem reads a refusal in the API's words, and answers nil for any other. The
// violations go into its detail without the values that broke the rule: those may be
// a person's.
func readProblem(status int, body []byte) *transport.Problem {
	var text struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Detail    string `json:"detail"`
		Violacoes []struct {
			Razao       string `json:"razao"`
			Propriedade string `json:"propriedade"`
		} `json:"violacoes"`
	}
	if json.Unmarshal(body, &text) != nil || text.Title == "" || text.Status != status {
		return nil
	}
	code := problemType.FindStringSubmatch(text.Type)
	if code == nil {
		return nil
	}
	words := []string{text.Title, text.Detail}
	for _, each := range text.Violacoes {
		words = append(words, each.Propriedade+" "+each.Razao)
	}
	return &transport.Problem{
		Peer: peer, Status: status, Code: code[1],
		Retryable: status >= http.StatusInternalServerError,
		Detail:    transport.CleanDetail(strings.Join(strings.Fields(strings.Join(words, " ")), " ")),
	}
}
