/** What is given of a server's credentials; only whether it is there counts. */
export type GivenCredentials = Partial<
  Readonly<Record<'username' | 'password' | 'token' | 'certFile' | 'keyFile', unknown>>
>;

/** @throws Error for credentials that contradict each other, and for half of a pair */
export function checkAuthorization({ username, password, token }: GivenCredentials): void {
  if (token !== undefined && (username !== undefined || password !== undefined)) {
    throw new Error('token stands alone: set it, or username and password');
  }
  if ((username === undefined) !== (password === undefined)) {
    throw new Error('username and password belong together; one is missing');
  }
}

/** @throws Error for half of a pair */
export function checkClientCertificate({ certFile, keyFile }: GivenCredentials): void {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new Error('certFile and keyFile belong together; one is missing');
  }
}
