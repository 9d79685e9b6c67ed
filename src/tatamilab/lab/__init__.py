"""The laboratory in the browser: a page that shows the parts of `widgets` on a training that the server holds.

serving   the server: address, port, what may reach it
guard     which requests are let in
sockets   what a page's socket may say
sessions  one live run for each browser, kept over reloads
page      what is on the page
host      how a part of `widgets` is shown on it

The only place with NiceGUI.
"""
