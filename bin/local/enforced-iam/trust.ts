import { existsSync, readFileSync } from 'node:fs';
// By its name: an older Node.js that never gets here lacks what is called below.
import * as tls from 'node:tls';

const trusted = new Set<string>();

/** Has this process trust a certificate, once it is there: whatever makes a connection, SDK clients and `fetch` alike. */
export function trust(file: string): void {
  if (trusted.has(file) || !existsSync(file)) return;
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(file, 'utf8')]);
  trusted.add(file);
}
