package pinpad

import (
	"context"
	"encoding/hex"
	"fmt"

	"balcao/reader/abecs"
	"balcao/reader/emv"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/ident"
)

// completionTags is what the issuer gets of the card's last word.
var completionTags = []emv.Tag{
	emv.Cryptogram, emv.CryptogramInformation, emv.TVR, emv.IssuerApplicationData, emv.ATC,
}

// Response codes for a host that decided without sending one (ISO 8583, DE 39).
const (
	codeApproved = "00"
	codeDeclined = "05" // do not honour
)

// FinishCard hands the issuer's answer to the card that [Pinpad.ReadCard] has read,
// once, and answers its last word.
//
// A chip in the reader accepts ([card.TC]) or refuses ([card.AAC]). Every error is a
// [*device.Fault] and means that it gave no answer ([card.None]): out too early, link
// lost, given up with ctx. An approval that the chip did not accept must be reversed,
// and so must one whose chip gave no answer.
//
// A card that was tapped or swiped has no last word: the answer is [card.None] and no
// error, whatever became of pinpad and cable. That is nothing to refuse: an approval
// stands, and there is no completion to send to its issuer.
func (p *Pinpad) FinishCard(ctx context.Context, request device.FinishRequest) (card.Completion, error) {
	switch p.entryMode(request.Attempt) {
	case card.Contactless:
		p.tellPinpad(ctx, request)
		return card.Completion{Cryptogram: card.None}, nil
	case card.ContactlessMagstripe, card.Magstripe, card.Fallback:
		return card.Completion{Cryptogram: card.None}, nil
	}
	return p.finishChip(ctx, request)
}

// entryMode answers how the card of an attempt met the reader, empty if it was not
// the last one.
func (p *Pinpad) entryMode(attempt ident.ID) card.EntryMode {
	last := p.presented.Load()
	if last == nil || last.attempt != attempt {
		return ""
	}
	return last.mode
}

// tellPinpad ends a contactless transaction at the pinpad, which has no more to do than
// to hear the result. What fails here changes nothing, so that it must not take long.
func (p *Pinpad) tellPinpad(ctx context.Context, request device.FinishRequest) {
	ctx, stop := context.WithTimeout(ctx, p.config.Timeouts.Response)
	defer stop()
	request.Issuer = card.IssuerAnswer{ARC: request.Issuer.ARC} // no chip is there to get the rest
	err := p.do(ctx, func(ctx context.Context, s *session) error {
		if s.finishing != request.Attempt {
			return errCardGone
		}
		s.finishing = ""
		_, err := finish(ctx, s, request)
		return err
	})
	if err != nil {
		p.config.Log.Info("pinpad did not hear the result of a contactless sale, which stands", "cause", err)
	}
}

func (p *Pinpad) finishChip(ctx context.Context, request device.FinishRequest) (card.Completion, error) {
	var completion card.Completion
	err := p.do(ctx, func(ctx context.Context, s *session) error {
		if s.finishing == "" || s.finishing != request.Attempt {
			return errCardGone
		}
		s.finishing = ""
		answer, err := finish(ctx, s, request)
		if err != nil {
			return err
		}
		completion = completed(answer)
		return nil
	})
	if err != nil {
		refused := fault("finish card", err)
		refused.Retry = false // there is one answer to a chip; what failed stays without one
		return card.Completion{Cryptogram: card.None}, refused
	}
	return completion, nil
}

func finish(ctx context.Context, s *session, request device.FinishRequest) (abecs.FinalAnswer, error) {
	issuerData, err := issuerData(request.Issuer)
	if err != nil {
		return abecs.FinalAnswer{}, err
	}
	final := abecs.FinishChip{Result: abecs.HostSilent, IssuerData: issuerData, Tags: completionTags}
	switch {
	case request.Reached && request.Approved:
		final.Result, final.ARC = abecs.HostApproved, codeApproved
	case request.Reached:
		final.Result, final.ARC = abecs.HostDeclined, codeDeclined
	}
	if request.Issuer.ARC != "" {
		final.ARC = request.Issuer.ARC
	}
	command, err := final.Command()
	if err != nil {
		return abecs.FinalAnswer{}, err
	}
	response, err := s.askOK(ctx, command)
	if err != nil {
		return abecs.FinalAnswer{}, err
	}
	return final.ParseFinalAnswer(response)
}

// issuerData joins what the issuer sends to the chip, and refuses what is no
// issuer's data object: a chip must not be handed anything else.
func issuerData(issuer card.IssuerAnswer) ([]byte, error) {
	var joined []byte
	for _, text := range append([]string{issuer.AuthenticationData}, issuer.Scripts...) {
		data, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("read issuer's answer: %w", err)
		}
		objects, err := emv.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("read issuer's answer: %w", err)
		}
		for _, object := range objects {
			switch object.Tag {
			case emv.IssuerAuthentication, emv.IssuerScript1, emv.IssuerScript2:
			default:
				return nil, fmt.Errorf("read issuer's answer: tag %s is not for the chip", object.Tag)
			}
		}
		joined = append(joined, data...)
	}
	return joined, nil
}

func completed(answer abecs.FinalAnswer) card.Completion {
	completion := card.Completion{
		Cryptogram:          card.AAC,
		EMVCompletion:       fmt.Sprintf("%X", emv.Append(nil, answer.Data...)),
		IssuerScriptResults: fmt.Sprintf("%X", answer.ScriptResults),
	}
	if answer.Accepted {
		completion.Cryptogram = card.TC
	}
	return completion
}
