package simcentral

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"balcao/sync/wire"
)

// signerKeyID is the name of central's countersignature key.
const signerKeyID = "central-1"

const signerFileName = "countersign.key"

// loadSigner reads the countersignature key of dir, or makes it.
func loadSigner(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, signerFileName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newSigner(path)
	}
	if err != nil {
		return nil, fmt.Errorf("load countersignature key: %w", err)
	}
	seed, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("load countersignature key: %s is no Ed25519 seed", path)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func newSigner(path string) (ed25519.PrivateKey, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make countersignature key: %w", err)
	}
	text := base64.StdEncoding.EncodeToString(private.Seed())
	if err := os.WriteFile(path+".new", []byte(text), stateFileMode); err != nil {
		return nil, fmt.Errorf("make countersignature key: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, fmt.Errorf("make countersignature key: %w", err)
	}
	return private, nil
}

// signHead signs a chain head. Source: openapi.yaml, SignedHead.
func signHead(key ed25519.PrivateKey, terminal, epoch string, seq int64, head string) *wire.SignedHead {
	text := "pos-chain-head-v1\n" + terminal + "\n" + epoch + "\n" + strconv.FormatInt(seq, 10) + "\n" + head + "\n"
	return &wire.SignedHead{
		KeyID: signerKeyID, Epoch: epoch, Seq: seq, Head: head,
		Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(text))),
	}
}

// publicKey is the countersignature key as a till would have it of the configuration:
// base64 of its DER SubjectPublicKeyInfo.
func publicKey(key ed25519.PrivateKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", fmt.Errorf("encode countersignature key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}
