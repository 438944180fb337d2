import { existsSync, readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

const trusted = new Set<string>();

/** Has this process trust a certificate, once it is there: whatever makes a connection, SDK clients and `fetch` alike. */
export function trust(file: string): void {
  if (trusted.has(file) || !existsSync(file)) return;
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')]);
  trusted.add(file);
}
