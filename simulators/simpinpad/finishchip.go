package simpinpad

import (
	"slices"
)

// What the acquirer said, SPE_FCXOPT position 1. Source: ABECS 2.20, SPE_FCXOPT.
const (
	acquirerApproved = '0'
	acquirerDeclined = '1'
	acquirerSilent   = '2'
)

// noAnswerCode is the response code that a terminal gives a card when nobody
// answered. Source: EMV 4.3 Book 4, annex A6.
const noAnswerCode = "Z3"

// finishChip is FCX: the card hears its issuer's answer and has the last word. It is
// without power afterwards, whatever happened. Source: ABECS 2.20, FCX; EMV 4.3
// Book 3, 10.9 and 10.10.
func (d *device) finishChip(r request) ([][]byte, error) {
	s, err := d.saleAt(stepAnswered)
	if err != nil {
		return nil, err
	}
	said := r.option(speFCXOptions, 1)
	if said != acquirerApproved && said != acquirerDeclined && said != acquirerSilent {
		return nil, statusInvalidParm
	}
	if said != acquirerSilent && !r.has(speResponse) {
		return nil, statusMandatory
	}
	objects, err := parseObjects(r.values[speEMVData])
	if err != nil {
		return nil, statusInvalidParm
	}
	if _, err := parseTagList(r.values[speTagList]); err != nil {
		return nil, statusInvalidParm
	}
	s.step = stepOver
	if s.tap != nil {
		return s.finishTap(said, r)
	}
	var results []byte
	if !s.declined {
		if results, err = d.lastWord(s, said, r.text(speResponse), objects); err != nil {
			return nil, err
		}
	}
	return s.finishAnswer(results, r)
}

// lastWord is what happens after an online answer: issuer authentication, scripts,
// second cryptogram. It gives the script results.
func (d *device) lastWord(s *sale, said byte, response string, objects []object) ([]byte, error) {
	switch {
	case d.slot != s.slot:
		return nil, statusNoCard
	case s.slot.cryptograms >= cryptogramsMax:
		return nil, statusSecurity
	}
	if said == acquirerSilent {
		response, objects = noAnswerCode, nil
	}
	s.values[tagResponseCode] = []byte(response)
	authenticator := findObject(objects, tagIssuerAuthenticator)
	proof := s.chip.judgeIssuer(authenticator, response)
	if proof != proofMissing {
		s.values[tagIssuerAuthenticator] = slices.Clone(authenticator)
		s.performed(performedIssuerProof)
	}
	if proof == proofBad {
		s.set(resultIssuerUnproven)
	}
	results := s.runScripts(objects, tagScriptBefore, resultScriptBeforeFailed)
	s.slot.cryptograms++
	if err := s.chip.secondCryptogram(said == acquirerApproved, proof, s.values); err != nil {
		return nil, err
	}
	return append(results, s.runScripts(objects, tagScriptAfter, resultScriptAfterFailed)...), nil
}

// scriptFailedAtFirst is the first byte of a script result: failed, at command 1.
// Source: EMV 4.3 Book 4, annex A5.
const scriptFailedAtFirst = 0x11

// scriptIdentifierBytes is the length of tag 9F18. Source: EMV 4.3 Book 3, annex A.
const scriptIdentifierBytes = 4

// runScripts gives the card its issuer's commands. These cards have no key for
// secure messaging, so that they refuse the first command of every script.
func (s *sale) runScripts(objects []object, template uint32, failed resultBit) (results []byte) {
	for _, o := range objects {
		if o.tag != template {
			continue
		}
		identifier := make([]byte, scriptIdentifierBytes)
		if inner, err := parseObjects(o.value); err == nil {
			copy(identifier, findObject(inner, tagScriptIdentifier))
		}
		results = append(append(results, scriptFailedAtFirst), identifier...)
		s.set(failed)
		s.performed(performedScripts)
	}
	return results
}

// scriptResultsMax is the length of PP_ISRESULTS. Source: ABECS 2.20, PP_ISRESULTS.
const scriptResultsMax = 50

// finishAnswer is the answer to FCX. Source: ABECS 2.20, PP_FCXRES.
func (s *sale) finishAnswer(scriptResults []byte, r request) ([][]byte, error) {
	result := "100"
	if s.values[tagCryptogramKind][0] == kindApprove {
		result = "000"
	}
	fields, err := s.appendEMVData([]field{textField(ppFCXResult, result)}, r)
	if err != nil {
		return nil, err
	}
	if len(scriptResults) > 0 {
		fields = append(fields, field{ppScriptResults, scriptResults[:min(len(scriptResults), scriptResultsMax)]})
	}
	return packFields(fields)
}
