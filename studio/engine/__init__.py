"""The engine: where torch lives. It trains and answers, in a process of its own; the window talks to it by messages.

messages.py  what goes through the pipe; torch-free
client.py    the window's end: start, send, poll, close; torch-free
server.py    the engine's end: one training, lanes for questions, and an end when the pipe closes
lanes.py     queues of questions in which the newest of a topic wins
answers.py   what is answered to each kind of question, also in-process for the command line
"""
