// A path without an extension is one of the app's own routes and gets its page.
function handler(event) {
  const request = event.request;
  if (!request.uri.split('/').pop().includes('.')) {
    request.uri = '/index.html';
  }
  return request;
}
