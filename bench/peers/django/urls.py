from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView


class Hello(APIView):
    def get(self, request):
        return Response({'hello': 'world'})


urlpatterns = [path('', Hello.as_view())]
