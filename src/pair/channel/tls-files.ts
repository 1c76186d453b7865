/** Mutual TLS: both sides show a certificate that the other's authority file vouches for. PEM files. */
export interface TlsFiles {
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly authorityFile: string;
}
